/* While the list is empty the thread waits for a signal, but not at once: short statements follow
 * one another, and waking a thread for each would cost more than they do. */
#include "duckdb/watch.h"

#include <signal.h>
#include <time.h>

#define LOOK_NS 10000000 /* between two looks */
#define IDLE_LOOKS 10    /* looks at an empty list before going to sleep */

static void look(mdm_watcher *watcher)
{
    for (mdm_watch *watch = watcher->first; watch; watch = watch->next) {
        if (watch->reason != MDM_OK) continue;
        watch->reason = mdm_stop_check(watch->stop, NULL);
        if (watch->reason != MDM_OK) watch->interrupt(watch->self);
    }
}

static void wait_a_moment(mdm_watcher *watcher)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&watcher->wake, &watcher->lock, &until);
}

static void *watch_thread(void *self)
{
    mdm_watcher *watcher = self;
    int idle = 0;
    pthread_mutex_lock(&watcher->lock);
    while (!watcher->ending) {
        look(watcher);
        idle = watcher->first ? 0 : idle + 1;
        if (idle < IDLE_LOOKS) {
            wait_a_moment(watcher);
            continue;
        }
        watcher->asleep = true;
        pthread_cond_wait(&watcher->wake, &watcher->lock);
        watcher->asleep = false;
        idle = 0;
    }
    pthread_mutex_unlock(&watcher->lock);
    return NULL;
}

/* Signals are for the threads of the program. */
static bool start_thread(mdm_watcher *watcher)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&watcher->thread, NULL, watch_thread, watcher) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

mdm_status mdm_watcher_init(mdm_watcher *watcher, mdm_error *err)
{
    *watcher = (mdm_watcher){0};
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) goto failed;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&watcher->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed) goto failed;
    if (pthread_mutex_init(&watcher->lock, NULL) == 0) return MDM_OK;
    pthread_cond_destroy(&watcher->wake);
failed:
    return mdm_error_set(err, MDM_NO_MEMORY, "no memory for a watcher");
}

void mdm_watcher_end(mdm_watcher *watcher)
{
    pthread_mutex_lock(&watcher->lock);
    watcher->ending = true;
    pthread_cond_signal(&watcher->wake);
    pthread_mutex_unlock(&watcher->lock);
    if (watcher->running) pthread_join(watcher->thread, NULL);
    pthread_mutex_destroy(&watcher->lock);
    pthread_cond_destroy(&watcher->wake);
}

void mdm_watch_begin(mdm_watcher *watcher, mdm_watch *watch)
{
    watch->reason = MDM_OK;
    watch->link = NULL;
    if (!watch->stop || (!watch->stop->flag && watch->stop->deadline_ns == 0)) return;

    pthread_mutex_lock(&watcher->lock);
    if (!watcher->running) watcher->running = start_thread(watcher);
    watch->next = watcher->first;
    watch->link = &watcher->first;
    if (watch->next) watch->next->link = &watch->next;
    watcher->first = watch;
    if (watcher->asleep) pthread_cond_signal(&watcher->wake);
    pthread_mutex_unlock(&watcher->lock);
}

mdm_status mdm_watch_end(mdm_watcher *watcher, mdm_watch *watch)
{
    if (!watch->link) return MDM_OK;
    pthread_mutex_lock(&watcher->lock);
    *watch->link = watch->next;
    if (watch->next) watch->next->link = watch->link;
    watch->link = NULL;
    pthread_mutex_unlock(&watcher->lock);
    return watch->reason;
}
