/* What statements leave behind in the monitor and in the log. The log gets the normal form: no
 * value of a statement is ever written down. */
#include <inttypes.h>
#include <stdio.h>

#include "session/internal.h"

void record_metrics_open(mdm_session *session)
{
    session_metrics *m = &session->metrics;
    const struct {
        mdm_metric *metric;
        const char *name;
    } counters[] = {
        {&m->queries, "query.count"},
        {&m->failed, "query.failed"},
        {&m->slow, "query.slow"},
        {&m->retries, "query.retries"},
        {&m->kept, "statement.kept"},
        {&m->compiled, "statement.compiled"},
        {&m->known, "fingerprint.known"},
        {&m->fingerprints, "fingerprint.made"},
        {&m->committed, "transaction.committed"},
        {&m->rolled_back, "transaction.rolled_back"},
    };
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        *counters[i].metric =
            mdm_metric_named(session->monitor, counters[i].name, MDM_METRIC_COUNTER, "");
    for (int c = 0; c < MDM_QUERY_CLASS_COUNT; c++) {
        const char *word = mdm_query_class_text((mdm_query_class)c);
        char name[64];
        snprintf(name, sizeof name, "query.%s.duration", word);
        m->duration[c] = mdm_metric_named(session->monitor, name, MDM_METRIC_HISTOGRAM, "ns");
        snprintf(name, sizeof name, "query.%s.rows", word);
        m->rows[c] = mdm_metric_named(session->monitor, name, MDM_METRIC_HISTOGRAM, "rows");
    }
    m->load_rate = mdm_metric_named(session->monitor, "batch.load.rows_per_second",
                                    MDM_METRIC_HISTOGRAM, "rows");
}

static mdm_log_level level_of(const char *word)
{
    static const char *const words[] = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};
    size_t level = 0;
    while (level < MDM_LOG_CRITICAL &&
           !mdm_str_equal(mdm_str_from(word), mdm_str_from(words[level])))
        level++;
    return (mdm_log_level)level;
}

mdm_status record_log_open(mdm_session *session, mdm_error *err)
{
    const mdm_config *config = session->config;
    const mdm_log_options options = {
        .path = mdm_config_text(config, "logging.file"),
        .level = level_of(mdm_config_text(config, "logging.level")),
        .max_bytes = mdm_config_int(config, "logging.max_bytes"),
        .backup_count = (int)mdm_config_int(config, "logging.backup_count"),
        .json =
            mdm_str_equal(mdm_str_from(mdm_config_text(config, "logging.format")), MDM_STR("json")),
    };
    if (options.path[0] == '\0') return MDM_OK;
    return mdm_log_open(&options, &session->log, err);
}

static void log_statement(const mdm_rows *rows, mdm_log_level level, const char *what)
{
    char normal[SESSION_TEXT_BYTES * 2];
    const mdm_fingerprint print = mdm_fingerprint_make((mdm_str){rows->text, rows->text_len},
                                                       rows->dialect, normal, sizeof normal);
    mdm_log_write(rows->session->log, level, "query",
                  "%s: %.3f ms, %" PRId64 " rows, %s, fingerprint %016" PRIx64 ": %s%s", what,
                  (double)(rows->end_ns - rows->start_ns) / 1e6, rows->count,
                  mdm_status_text(rows->status), print.hash, normal,
                  rows->text_len == SESSION_TEXT_BYTES ? " ..." : "");
}

void record_query(const mdm_rows *rows)
{
    const mdm_session *session = rows->session;
    mdm_monitor *monitor = session->monitor;
    const session_metrics *m = &session->metrics;
    const mdm_query_class class_ = rows->print.class_;
    const int64_t took = rows->end_ns - rows->start_ns;
    mdm_count(monitor, m->queries, 1);
    mdm_observe(monitor, m->duration[class_], took > 0 ? (uint64_t)took : 0);
    mdm_observe(monitor, m->rows[class_], (uint64_t)rows->count);
    if (rows->status != MDM_OK) mdm_count(monitor, m->failed, 1);
    if (took >= session->slow_ns) {
        mdm_count(monitor, m->slow, 1);
        log_statement(rows, MDM_LOG_WARNING, "slow");
    } else if (session->echo) {
        log_statement(rows, MDM_LOG_INFO, "done");
    }
}

void record_failure(mdm_session *session)
{
    mdm_count(session->monitor, session->metrics.queries, 1);
    mdm_count(session->monitor, session->metrics.failed, 1);
}
