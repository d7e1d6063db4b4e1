/* postgresql_lib.h - libpq, loaded when somebody first needs it.
 *
 * Linked, it would cost every command 4 ms (it brings OpenSSL and Kerberos along), also those that
 * never see a server. All calls go through one table:
 *
 *     MDM_TRY(mdm_pq_load(err));
 *     mdm_pq.finish(pq);
 *
 * Threads: any. */
#ifndef MDM_STORAGE_POSTGRESQL_LIB_H
#define MDM_STORAGE_POSTGRESQL_LIB_H

#include <libpq-fe.h>

#include "mdm/base.h"

/* Each name is a function of libpq-fe.h without "PQ". */
#define MDM_PQ_FUNCTIONS(X)    \
    X(cancel)                  \
    X(clear)                   \
    X(cmdStatus)               \
    X(cmdTuples)               \
    X(conndefaults)            \
    X(connectPoll)             \
    X(connectStartParams)      \
    X(connectionNeedsPassword) \
    X(conninfo)                \
    X(conninfoFree)            \
    X(consumeInput)            \
    X(enterPipelineMode)       \
    X(errorMessage)            \
    X(escapeLiteral)           \
    X(exitPipelineMode)        \
    X(finish)                  \
    X(flush)                   \
    X(fmod)                    \
    X(fname)                   \
    X(freeCancel)              \
    X(freemem)                 \
    X(ftable)                  \
    X(ftype)                   \
    X(getCancel)               \
    X(getCopyData)             \
    X(getResult)               \
    X(getisnull)               \
    X(getlength)               \
    X(getvalue)                \
    X(gssEncInUse)             \
    X(host)                    \
    X(isBusy)                  \
    X(libVersion)              \
    X(nfields)                 \
    X(nparams)                 \
    X(ntuples)                 \
    X(parameterStatus)         \
    X(paramtype)               \
    X(pipelineStatus)          \
    X(pipelineSync)            \
    X(port)                    \
    X(putCopyData)             \
    X(putCopyEnd)              \
    X(resultErrorField)        \
    X(resultStatus)            \
    X(sendDescribePrepared)    \
    X(sendPrepare)             \
    X(sendQuery)               \
    X(sendQueryPrepared)       \
    X(serverVersion)           \
    X(setErrorVerbosity)       \
    X(setNoticeReceiver)       \
    X(setSingleRowMode)        \
    X(setnonblocking)          \
    X(socket)                  \
    X(sslInUse)                \
    X(status)                  \
    X(transactionStatus)

typedef struct mdm_pq_functions {
#define X(name) __typeof__(&PQ##name) name;
    MDM_PQ_FUNCTIONS(X)
#undef X
} mdm_pq_functions;

extern mdm_pq_functions mdm_pq; /* valid after mdm_pq_load() */

/* MDM_UNSUPPORTED: there is no libpq here, or one older than 14; the hint says what to install. */
mdm_status mdm_pq_load(mdm_error *err);

#endif
