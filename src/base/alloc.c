/* One pair of counters serves both ways of failing. They are looked at only after a test asked
 * for it, so that threads of a program do not share a counter on every allocation. */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"

static mdm_allocator used = {malloc, realloc, free};

static atomic_bool counting;
static atomic_long calls;
static atomic_long first_failing = -1; /* -1: none */
static atomic_bool all_from_there;

void mdm_allocator_set(const mdm_allocator *allocator)
{
    used = allocator ? *allocator : (mdm_allocator){malloc, realloc, free};
}

/* --- failing on demand ------------------------------------------------------ */

static void fail(long n, bool all)
{
    atomic_store(&all_from_there, all);
    atomic_store(&first_failing, n);
    atomic_store(&calls, 0);
    atomic_store(&counting, true);
}

void mdm_alloc_fail_after(long n)
{
    fail(n, false);
}

void mdm_alloc_fail_from(long n)
{
    fail(n, true);
}

long mdm_alloc_count(void)
{
    return atomic_load(&calls);
}

static bool must_fail(void)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed)) return false;
    const long call = atomic_fetch_add(&calls, 1);
    const long first = atomic_load(&first_failing);
    return first >= 0 && (call == first || (call > first && atomic_load(&all_from_there)));
}

/* --- memory ----------------------------------------------------------------- */

void *mdm_alloc(size_t bytes)
{
    if (bytes > PTRDIFF_MAX || must_fail()) return NULL;
    return used.allocate(bytes ? bytes : 1);
}

void *mdm_alloc_zero(size_t count, size_t bytes)
{
    size_t product;
    if (__builtin_mul_overflow(count, bytes, &product)) return NULL;
    void *memory = mdm_alloc(product);
    if (memory) memset(memory, 0, product);
    return memory;
}

void *mdm_realloc(void *memory, size_t bytes)
{
    if (!memory) return mdm_alloc(bytes);
    if (bytes > PTRDIFF_MAX || must_fail()) return NULL;
    return used.reallocate(memory, bytes ? bytes : 1);
}

void mdm_free(void *memory)
{
    if (memory) used.release(memory);
}

void mdm_free_text(char *text)
{
    mdm_free(text);
}

/* --- copies ----------------------------------------------------------------- */

char *mdm_str_dup(mdm_str text)
{
    if (text.len >= PTRDIFF_MAX) return NULL;
    char *copy = mdm_alloc(text.len + 1);
    if (!copy) return NULL;
    if (text.len) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

char *mdm_strdup(const char *text)
{
    return mdm_str_dup(mdm_str_from(text));
}

char *mdm_asprintf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = NULL;
    const int len = mdm_format(NULL, 0, format, args);
    va_end(args);
    if (len >= 0) out = mdm_alloc((size_t)len + 1);
    if (!out) return NULL;
    va_start(args, format);
    mdm_format(out, (size_t)len + 1, format, args);
    va_end(args);
    return out;
}

mdm_status mdm_no_memory(mdm_error *err, const char *what)
{
    return mdm_error_set(err, MDM_NO_MEMORY, "out of memory for %s", what);
}
