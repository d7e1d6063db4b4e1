/* The report as JSON. Numbers and plain names are written by hand: with printf and escaping they
 * would take longer than all the rest. */
#include "mdm/monitor.h"

#include <math.h>

#include "base/text.h"
#include "monitor/snapshot.h"

#define NS_PER_MS 1e6

static void put_count(mdm_text *json, uint64_t value)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    mdm_text_add(json, (mdm_str){digits + first, sizeof digits - first});
}

static void put_real(mdm_text *json, double value)
{
    char room[32];
    if (isfinite(value)) mdm_text_add(json, (mdm_str){room, mdm_real_text(value, room)});
    else mdm_text_puts(json, "null");
}

static bool is_plain(mdm_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
    }
    return true;
}

/* "NAME": with a comma before it unless it is the first of its object. */
static void put_name(mdm_text *json, mdm_str name)
{
    if (json->len > 0 && json->data[json->len - 1] != '{') mdm_text_putc(json, ',');
    if (is_plain(name)) {
        mdm_text_putc(json, '"');
        mdm_text_add(json, name);
        mdm_text_putc(json, '"');
    } else {
        mdm_text_json(json, name);
    }
    mdm_text_putc(json, ':');
}

static void put_named_count(mdm_text *json, const char *name, uint64_t value)
{
    put_name(json, mdm_str_from(name));
    put_count(json, value);
}

/* A figure of an empty histogram is no number. */
static void put_named_figure(mdm_text *json, const char *name, bool known, uint64_t value)
{
    put_name(json, mdm_str_from(name));
    if (known) put_count(json, value);
    else mdm_text_puts(json, "null");
}

static void put_histogram(mdm_text *json, const mdm_histogram_summary *h, const char *unit)
{
    const bool known = h->count > 0;
    mdm_text_putc(json, '{');
    put_name(json, MDM_STR("unit"));
    mdm_text_json(json, mdm_str_from(unit));
    put_named_count(json, "count", h->count);
    put_named_count(json, "sum", h->sum);
    put_named_figure(json, "min", known, h->min);
    put_named_figure(json, "max", known, h->max);
    put_name(json, MDM_STR("avg"));
    put_real(json, known ? h->mean : (double)NAN);
    put_named_figure(json, "p50", known, h->p50);
    put_named_figure(json, "p90", known, h->p90);
    put_named_figure(json, "p95", known, h->p95);
    put_named_figure(json, "p99", known, h->p99);
    put_named_figure(json, "p99.9", known, h->p999);
    mdm_text_putc(json, '}');
}

static void put_value(mdm_text *json, const mdm_metric_value *metric)
{
    put_name(json, metric->name);
    switch (metric->kind) {
    case MDM_METRIC_COUNTER: put_count(json, metric->as.count); break;
    case MDM_METRIC_GAUGE: put_real(json, metric->as.gauge); break;
    case MDM_METRIC_HISTOGRAM: put_histogram(json, &metric->as.histogram, metric->unit); break;
    }
}

static void put_kind(mdm_text *json, const char *title, const mdm_snapshot *all,
                     mdm_metric_kind kind)
{
    put_name(json, mdm_str_from(title));
    mdm_text_putc(json, '{');
    for (size_t i = 0; i < all->metric_count; i++)
        if (all->metrics[i].kind == kind) put_value(json, &all->metrics[i]);
    mdm_text_putc(json, '}');
}

/* --- flat keys ---------------------------------------------------------------- */

static void put_flat_name(mdm_text *json, const char *key, const char *figure)
{
    mdm_text_puts(json, ",\"operation_");
    mdm_text_puts(json, key);
    mdm_text_putc(json, '_');
    mdm_text_puts(json, figure);
    mdm_text_puts(json, "\":");
}

static void put_flat_count(mdm_text *json, const char *key, const char *figure, uint64_t value)
{
    put_flat_name(json, key, figure);
    put_count(json, value);
}

static void put_flat_real(mdm_text *json, const char *key, const char *figure, double value)
{
    put_flat_name(json, key, figure);
    put_real(json, value);
}

static void put_flat_ms(mdm_text *json, const char *key, const char *figure, bool known,
                        uint64_t ns)
{
    put_flat_real(json, key, figure, known ? (double)ns / NS_PER_MS : (double)NAN);
}

/* What still runs is neither a success nor a failure. */
static void put_operation(mdm_text *json, const mdm_operation_value *o)
{
    const uint64_t ended = o->completed + o->failed;
    const mdm_histogram_summary *d = &o->duration_ns;
    const bool known = d->count > 0;
    put_flat_real(json, o->key, "success_rate",
                  ended > 0 ? (double)o->completed / (double)ended : (double)NAN);
    put_flat_count(json, o->key, "count", ended);
    put_flat_count(json, o->key, "failed", o->failed);
    put_flat_ms(json, o->key, "p50_ms", known, d->p50);
    put_flat_ms(json, o->key, "p95_ms", known, d->p95);
    put_flat_ms(json, o->key, "p99_ms", known, d->p99);
}

mdm_status mdm_monitor_report(mdm_monitor *monitor, char **out, mdm_error *err)
{
    *out = NULL;
    mdm_snapshot all;
    MDM_TRY(mdm_snapshot_take(monitor, &all, err));

    mdm_text json;
    mdm_text_init(&json);
    mdm_text_putc(&json, '{');
    put_kind(&json, "counters", &all, MDM_METRIC_COUNTER);
    put_kind(&json, "gauges", &all, MDM_METRIC_GAUGE);
    put_kind(&json, "histograms", &all, MDM_METRIC_HISTOGRAM);
    for (size_t i = 0; i < all.operation_count; i++)
        put_operation(&json, &all.operations[i]);
    mdm_text_putc(&json, '}');
    mdm_snapshot_clear(&all);

    const mdm_status status = mdm_text_status(&json, err);
    *out = mdm_text_take(&json);
    return status;
}
