/* type.h - bytes of one value of a type. */
#ifndef MDM_DATA_TYPE_H
#define MDM_DATA_TYPE_H

#include "mdm/chunk.h"

/* 0: bits (BOOL), of variable length (TEXT, BLOB), or none (NULL). */
static inline size_t mdm_type_bytes(mdm_type_id id)
{
    static const uint8_t bytes_of[MDM_TYPE_COUNT] = {
#define X(name, format, word, bytes) [MDM_TYPE_##name] = bytes,
        MDM_TYPE_LIST(X)
#undef X
    };
    return bytes_of[id];
}

#endif
