/* PQcancel() opens a connection of its own and waits until the server has closed it. A server that
 * has stopped never does, so the call is made by a thread that nobody has to wait for: it
 * shares a counted struct with the connection, and whoever leaves last frees it. */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/alloc.h"
#include "storage/postgresql_driver.h"

typedef struct pg_canceller {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t idle;
    PGcancel *cancel;
    bool running;
    int users; /* the connection, and the thread while it runs */
} pg_canceller;

struct pg_canceller *mdm_pg_canceller_new(PGcancel *cancel)
{
    pg_canceller *c = mdm_alloc_zero(1, sizeof *c);
    if (!c) return NULL;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&c->idle, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&c->lock, NULL);
    c->cancel = cancel;
    c->users = 1;
    return c;
}

void mdm_pg_canceller_drop(struct pg_canceller *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    bool last = --c->users == 0;
    pthread_mutex_unlock(&c->lock);
    if (!last) return;
    mdm_pq.freeCancel(c->cancel);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->lock);
    mdm_free(c);
}

static void *ask(void *self)
{
    pg_canceller *c = self;
    char words[256];
    /* Its failure shows itself: the request goes on, and the connection is given up. */
    (void)mdm_pq.cancel(c->cancel, words, (int)sizeof words);
    pthread_mutex_lock(&c->lock);
    c->running = false;
    pthread_cond_broadcast(&c->idle);
    pthread_mutex_unlock(&c->lock);
    mdm_pg_canceller_drop(c);
    return NULL;
}

void mdm_pg_canceller_start(struct pg_canceller *c)
{
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    bool start = !c->running;
    if (start) {
        c->running = true;
        c->users++;
    }
    pthread_mutex_unlock(&c->lock);
    if (!start) return;

    /* Signals are for the threads of the program. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    int failed = pthread_create(&thread, &attributes, ask, c);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed) return;

    pthread_mutex_lock(&c->lock);
    c->running = false;
    c->users--;
    pthread_mutex_unlock(&c->lock);
}

bool mdm_pg_canceller_idle(struct pg_canceller *c, int64_t until_ns)
{
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    pthread_mutex_lock(&c->lock);
    while (c->running && pthread_cond_timedwait(&c->idle, &c->lock, &until) == 0)
        continue;
    bool idle = !c->running;
    pthread_mutex_unlock(&c->lock);
    return idle;
}
