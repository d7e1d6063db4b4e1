/* mdm.h - everything of MDM. */
#ifndef MDM_MDM_H
#define MDM_MDM_H

#include "mdm/backend.h"
#include "mdm/base.h"
#include "mdm/batch.h"
#include "mdm/chunk.h"
#include "mdm/config.h"
#include "mdm/dataset.h"
#include "mdm/monitor.h"
#include "mdm/pool.h"
#include "mdm/query.h"
#include "mdm/session.h"

#endif
