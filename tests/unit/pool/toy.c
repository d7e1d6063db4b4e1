#include "toy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

toy_world toy;

void toy_reset(void)
{
    memset(&toy, 0, sizeof toy);
}

mdm_location toy_location(void)
{
    return (mdm_location){.backend = &toy_backend, .path = "toy"};
}

toy_conn *toy_of(mdm_conn *conn)
{
    return (toy_conn *)conn;
}

static mdm_status take_time(const mdm_stop *stop, mdm_error *err)
{
    int64_t end = mdm_clock_ns() + (int64_t)toy.open_ms * 1000000;
    while (toy.open_ms > 0 && mdm_clock_ns() < end) {
        MDM_TRY(mdm_stop_check(stop, err));
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    return MDM_OK;
}

static mdm_status open_one(mdm_conn **out, mdm_error *err)
{
    if (toy.fail_opens != 0) {
        if (toy.fail_opens > 0) toy.fail_opens--;
        return mdm_error_set(err, MDM_BACKEND, "the toy refuses");
    }
    toy_conn *conn = calloc(1, sizeof *conn);
    if (!conn) return mdm_error_set(err, MDM_NO_MEMORY, "no toy");
    conn->base.backend = &toy_backend;
    conn->number = ++toy.opened;
    conn->broken = (bool)toy.born_broken;
    *out = &conn->base;
    return MDM_OK;
}

static mdm_status toy_open(const mdm_location *location, unsigned flags, const mdm_stop *stop,
                           mdm_conn **out, mdm_error *err)
{
    (void)location;
    (void)flags;
    int opening = ++toy.opening, most = toy.most_opening;
    while (opening > most && !atomic_compare_exchange_weak(&toy.most_opening, &most, opening))
        continue;
    mdm_status status = take_time(stop, err);
    if (status == MDM_OK) status = open_one(out, err);
    toy.opening--;
    return status;
}

static void toy_close(mdm_conn *conn)
{
    if (!conn) return;
    toy.closed++;
    free(conn);
}

static mdm_status toy_ping(mdm_conn *conn, int timeout_ms, mdm_error *err)
{
    (void)timeout_ms;
    toy.pings++;
    bool fails = toy_of(conn)->broken;
    if (toy.fail_pings > 0) {
        toy.fail_pings--;
        fails = true;
    }
    return fails ? mdm_error_set(err, MDM_IO, "the toy is silent") : MDM_OK;
}

static bool toy_reset_conn(mdm_conn *conn)
{
    toy.resets++;
    if (toy_of(conn)->in_transaction) conn->abandoned++;
    toy_of(conn)->in_transaction = false;
    return !toy_of(conn)->broken;
}

static bool toy_is_broken(const mdm_conn *conn)
{
    return ((const toy_conn *)conn)->broken;
}

static void toy_interrupt(mdm_conn *conn)
{
    toy.interrupts++;
    toy_of(conn)->interrupted = true;
}

static const mdm_dialect toy_dialect = {.quote = '"'};

const mdm_backend toy_backend = {
    .name = "toy",
    .caps = MDM_CAP_SERVER,
    .dialect = &toy_dialect,
    .open = toy_open,
    .close = toy_close,
    .ping = toy_ping,
    .reset = toy_reset_conn,
    .is_broken = toy_is_broken,
    .interrupt = toy_interrupt,
};
