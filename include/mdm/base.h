/* base.h - the words every other header uses: status, error, text view,
 * allocator, the request to stop.
 *
 * Threads: everything here may be called from any thread. */
#ifndef MDM_BASE_H
#define MDM_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MDM_API __attribute__((visibility("default")))
#define MDM_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define MDM_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MDM_API
#define MDM_PRINTF(fmt, first)
#define MDM_MUST_CHECK
#endif

/* One row per status: enum suffix, value, process exit code, plain words.
 * The enum, mdm_status_text() and the exit codes of the command line come from
 * this list. Values never change. */
#define MDM_STATUS_LIST(X)                                \
    X(OK, 0, 0, "success")                                \
    X(NO_MEMORY, 1, 1, "out of memory")                   \
    X(INVALID, 2, 2, "invalid argument")                  \
    X(NOT_FOUND, 3, 3, "not found")                       \
    X(EXISTS, 4, 4, "already exists")                     \
    X(PERMISSION, 5, 5, "permission denied")              \
    X(BACKEND, 6, 6, "database error")                    \
    X(CONFIG, 7, 7, "wrong setting")                      \
    X(FORMAT, 8, 8, "input refused")                      \
    X(DIFFERENT, 9, 9, "check failed or difference found") \
    X(BUSY, 10, 6, "busy, try again")                     \
    X(TIMEOUT, 11, 124, "timed out")                      \
    X(IO, 12, 1, "input or output error")                 \
    X(UNSUPPORTED, 13, 6, "not supported by this backend") \
    X(CANCELLED, 14, 130, "cancelled")

typedef enum mdm_status {
#define X(name, value, exit_code, text) MDM_##name = (value),
    MDM_STATUS_LIST(X)
#undef X
} mdm_status;

/* Plain words and the exit code of the command line; constant, never NULL. */
MDM_API const char *mdm_status_text(mdm_status status);
MDM_API const char *mdm_status_name(mdm_status status); /* "not_found" */
MDM_API int mdm_status_exit_code(mdm_status status);

/* What went wrong, in words. Owned by the caller, usually on its stack; no
 * allocation, so reporting an error cannot fail. Every function that takes
 * one accepts NULL. On MDM_OK it is left as it was. */
typedef struct mdm_error {
    mdm_status status;
    int native;        /* the backend's own code, 0 when there is none */
    char sqlstate[6];  /* five characters and NUL, "" when there is none */
    char message[506]; /* UTF-8, one line, without a final full stop */
    char hint[250];    /* what to do about it, "" when there is nothing to say */
} mdm_error;

/* Fill err (native, sqlstate and hint are cleared) and hand the status back, so
 * that a failure is one statement:
 *     return mdm_error_set(err, MDM_NOT_FOUND, "no dataset '%s'", name);
 * Control characters, ESC and bidi controls coming from data are escaped;
 * a message that does not fit is cut at a character and ends in "...". */
MDM_API mdm_status mdm_error_set(mdm_error *err, mdm_status status, const char *format, ...)
    MDM_PRINTF(3, 4);

/* Put context in front of the message that is already there: "iris.csv" turns
 * "line 7: 5 fields, expected 4" into "iris.csv: line 7: 5 fields, expected 4". */
MDM_API mdm_status mdm_error_context(mdm_error *err, mdm_status status, const char *format, ...)
    MDM_PRINTF(3, 4);

/* Say what to do about the error that is already there. */
MDM_API mdm_status mdm_error_hint(mdm_error *err, mdm_status status, const char *format, ...)
    MDM_PRINTF(3, 4);

/* Bytes with a length; borrowed, not NUL-terminated, may hold NUL bytes. */
typedef struct mdm_str {
    const char *data;
    size_t len;
} mdm_str;

#define MDM_STR(literal) ((mdm_str){(literal), sizeof(literal) - 1})
MDM_API mdm_str mdm_str_from(const char *text); /* NULL gives an empty one */
MDM_API bool mdm_str_equal(mdm_str a, mdm_str b);

/* Leave at once when a step fails and nothing is held yet. Where something is
 * held, write "if (status != MDM_OK) goto done;" instead. */
#define MDM_TRY(step)                                  \
    do {                                               \
        const mdm_status try_status_ = (step);         \
        if (try_status_ != MDM_OK) return try_status_; \
    } while (0)

/* Where all memory of the library comes from (SQLite's and the JSON reader's
 * included). Set it before the first other call; not thread-safe. The functions
 * behave as malloc, realloc and free do. NULL restores the C library's. */
typedef struct mdm_allocator {
    void *(*allocate)(size_t bytes);
    void *(*reallocate)(void *memory, size_t bytes);
    void (*release)(void *memory);
} mdm_allocator;

MDM_API void mdm_allocator_set(const mdm_allocator *allocator);

/* Free a text that the library handed over. NULL allowed. */
MDM_API void mdm_free_text(char *text);

/* A request to stop that long work looks at: a flag that another thread or a
 * signal handler raises, and a deadline. Both may be absent. The owner keeps the
 * struct alive while work that was given it runs. */
typedef struct mdm_stop {
    volatile int *flag;  /* not 0: give up with MDM_CANCELLED; NULL: none */
    int64_t deadline_ns; /* mdm_clock_ns() at which to give up with MDM_TIMEOUT; 0: none */
} mdm_stop;

/* MDM_OK, MDM_CANCELLED or MDM_TIMEOUT. stop may be NULL. */
MDM_API mdm_status mdm_stop_check(const mdm_stop *stop, mdm_error *err);

/* Monotonic nanoseconds. */
MDM_API int64_t mdm_clock_ns(void);

/* "0.1.0" */
MDM_API const char *mdm_version(void);

#ifdef __cplusplus
}
#endif
#endif
