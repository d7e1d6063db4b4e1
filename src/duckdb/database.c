/* Opening one database: its configuration, its words for what is wrong, waiting for other
 * processes. */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "duckdb/error.h"
#include "duckdb/instance_state.h"

#define MS 1000000
#define FIRST_RETRY_NS (5 * MS)
#define LAST_RETRY_NS (100 * MS)

/* --- configuration ------------------------------------------------------------------- */

/* DuckDB takes any name here and complains of unknown ones later, if at all. */
static mdm_status check_name(const char *name, mdm_error *err)
{
    const char *known[512];
    size_t count = 0;
    for (size_t i = 0; i < mdm_duck.config_count() && count < sizeof known / sizeof *known; i++) {
        const char *words;
        if (mdm_duck.get_config_flag(i, &known[count], &words) != DuckDBSuccess) continue;
        if (strcmp(known[count], name) == 0) return MDM_OK;
        count++;
    }
    const char *near = mdm_nearest(mdm_str_from(name), known, count);
    mdm_error_set(err, MDM_INVALID, "DuckDB has no setting '%s'", name);
    return near ? mdm_error_hint(err, MDM_INVALID, "did you mean %s?", near) : MDM_INVALID;
}

static mdm_status set_config(duckdb_config config, const char *name, const char *value,
                             mdm_error *err)
{
    if (mdm_duck.set_config(config, name, value) == DuckDBSuccess) return MDM_OK;
    return mdm_error_set(err, MDM_INVALID, "DuckDB does not take the value given for '%s'", name);
}

static mdm_status set_all(duckdb_config config, const mdm_setting *settings, size_t count,
                          mdm_error *err)
{
    for (size_t i = 0; i < count; i++) {
        MDM_TRY(check_name(settings[i].name, err));
        MDM_TRY(set_config(config, settings[i].name, settings[i].value, err));
    }
    return MDM_OK;
}

static mdm_status make_config(const mdm_duckdb_instance *instance, bool read_only,
                              duckdb_config *out, mdm_error *err)
{
    if (mdm_duck.create_config(out) != DuckDBSuccess)
        return mdm_no_memory(err, "a DuckDB configuration");
    MDM_TRY(set_config(*out, "autoinstall_known_extensions", "false", err));
    MDM_TRY(set_config(*out, "autoload_known_extensions", "false", err));
    if (instance->path)
        MDM_TRY(set_config(*out, "access_mode", read_only ? "READ_ONLY" : "READ_WRITE", err));
    else MDM_TRY(set_config(*out, "temp_directory", "", err)); /* else: .tmp where we stand */
    return set_all(*out, instance->settings, instance->setting_count, err);
}

mdm_status mdm_duckdb_check_settings(const mdm_duckdb_options *options, mdm_error *err)
{
    duckdb_config config = NULL;
    if (options->setting_count == 0) return MDM_OK;
    if (mdm_duck.create_config(&config) != DuckDBSuccess)
        return mdm_no_memory(err, "a DuckDB configuration");
    const mdm_status status = set_all(config, options->settings, options->setting_count, err);
    mdm_duck.destroy_config(&config);
    return status;
}

/* --- opening --------------------------------------------------------------------------- */

/* What SQL may use besides DuckDB's own: now, because no transaction sees what came later. */
static mdm_status set_up(duckdb_database database, mdm_error *err)
{
    duckdb_connection conn;
    if (mdm_duck.connect(database, &conn) != DuckDBSuccess)
        return mdm_error_set(err, MDM_BACKEND, "cannot connect to DuckDB");
    mdm_status status = mdm_stream_table_set_up(conn, err);
    duckdb_result result = {0};
    /* Else the words for a moment would depend on where the machine stands. */
    if (status == MDM_OK &&
        mdm_duck.query(conn, "SET GLOBAL TimeZone = 'UTC'", &result) != DuckDBSuccess)
        status = mdm_duckdb_error(err, mdm_duck.result_error(&result));
    mdm_duck.destroy_result(&result);
    mdm_duck.disconnect(&conn);
    return status;
}

static mdm_status open_once(mdm_duckdb_instance *instance, bool read_only, mdm_error *err)
{
    duckdb_config config = NULL;
    char *words = NULL;
    mdm_status status = make_config(instance, read_only, &config, err);
    if (status == MDM_OK &&
        mdm_duck.open_ext(instance->path, &instance->database, config, &words) != DuckDBSuccess) {
        instance->database = NULL;
        status = mdm_duckdb_error(err, words);
    } else if (status == MDM_OK) {
        status = set_up(instance->database, err);
        if (status != MDM_OK) mdm_duck.close(&instance->database);
    }
    mdm_duck.free(words);
    mdm_duck.destroy_config(&config);
    return status;
}

static void sleep_ns(int64_t ns)
{
    const struct timespec t = {0, (long)ns};
    nanosleep(&t, NULL);
}

mdm_status mdm_duckdb_open_database(mdm_duckdb_instance *instance, bool read_only,
                                    const mdm_stop *stop, mdm_error *err)
{
    int64_t pause = FIRST_RETRY_NS;
    for (;;) {
        const mdm_status status = open_once(instance, read_only, err);
        if (status != MDM_BUSY || !stop || stop->deadline_ns == 0) return status;
        if (mdm_stop_check(stop, NULL) == MDM_CANCELLED) return mdm_stop_check(stop, err);
        if (mdm_clock_ns() + pause >= stop->deadline_ns) return status;
        sleep_ns(pause);
        pause = pause * 2 < LAST_RETRY_NS ? pause * 2 : LAST_RETRY_NS;
    }
}
