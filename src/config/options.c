#include "config/options.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* clang-format off */
#define INT(path_, variable_, preset_, min_, max_, doc_)                                       \
    {.path = path_, .variable = variable_, .preset = preset_, .min = min_, .max = max_,        \
     .allowed = #min_ " to " #max_, .doc = doc_, .kind = MDM_OPTION_INT}
#define INT_FROM(path_, variable_, preset_, min_, doc_)                                        \
    {.path = path_, .variable = variable_, .preset = preset_, .min = min_, .max = INT64_MAX,   \
     .allowed = #min_ " or more", .doc = doc_, .kind = MDM_OPTION_INT}
#define BYTES(path_, preset_, min_, doc_)                                                      \
    {.path = path_, .preset = preset_, .min = min_, .max = INT64_MAX,                          \
     .allowed = #min_ " or more, also as 10MB", .doc = doc_, .kind = MDM_OPTION_INT,           \
     .form = MDM_FORM_BYTES}
#define REAL(path_, variable_, preset_, min_, max_, doc_)                                      \
    {.path = path_, .variable = variable_, .preset = preset_, .min = min_, .max = max_,        \
     .allowed = #min_ " to " #max_, .doc = doc_, .kind = MDM_OPTION_REAL}
#define BOOL(path_, variable_, preset_, doc_)                                                  \
    {.path = path_, .variable = variable_, .preset = preset_, .allowed = "true|false",         \
     .doc = doc_, .kind = MDM_OPTION_BOOL}
#define CHOICE(path_, variable_, preset_, choices_, doc_)                                      \
    {.path = path_, .variable = variable_, .preset = preset_, .choices = choices_,             \
     .allowed = choices_, .doc = doc_, .kind = MDM_OPTION_CHOICE}
#define TEXT(path_, preset_, doc_)                                                             \
    {.path = path_, .preset = preset_, .allowed = "", .doc = doc_, .kind = MDM_OPTION_TEXT}
#define FORMED(path_, preset_, form_, min_, max_, allowed_, doc_)                              \
    {.path = path_, .preset = preset_, .form = form_, .min = min_, .max = max_,                \
     .allowed = allowed_, .doc = doc_, .kind = MDM_OPTION_TEXT}
#define PATH(path_, variable_, preset_, below_, doc_)                                          \
    {.path = path_, .variable = variable_, .preset = preset_, .below = below_, .allowed = "",  \
     .doc = doc_, .kind = MDM_OPTION_PATH}
#define LIST(path_, variable_, choices_, form_, allowed_, doc_)                                \
    {.path = path_, .variable = variable_, .preset = "", .choices = choices_, .form = form_,   \
     .allowed = allowed_, .doc = doc_, .kind = MDM_OPTION_LIST}
#define SECRET(path_, doc_)                                                                    \
    {.path = path_, .preset = "", .allowed = "", .doc = doc_, .kind = MDM_OPTION_SECRET}

const mdm_option_row mdm_option_rows[] = {
    PATH("paths.datasets_path", NULL, "datasets", NULL, "where the data of datasets lie"),
    PATH("paths.configs_path", NULL, "config/datasets", NULL, "where the descriptions of datasets lie"),
    PATH("paths.logs_path", NULL, "logs", NULL, "where the log lies"),

    CHOICE("database.default_backend", NULL, "duckdb", "sqlite|duckdb|postgresql",
           "the database that new datasets go to"),
    INT("database.connection_timeout", NULL, "30", 1, 3600,
        "seconds to wait for a connection, and for a lock on the database"),
    BOOL("database.sqlalchemy.echo", NULL, "false", "log each statement"),
    CHOICE("database.sqlite.journal_mode", NULL, "WAL", "DELETE|TRUNCATE|PERSIST|MEMORY|WAL|OFF",
           "PRAGMA journal_mode of a dataset"),
    CHOICE("database.sqlite.synchronous", NULL, "NORMAL", "OFF|NORMAL|FULL|EXTRA",
           "PRAGMA synchronous of its connections"),
    INT("database.sqlite.cache_size", NULL, "-64000", -1073741824, 1073741824,
        "PRAGMA cache_size: pages, or KiB when negative"),
    CHOICE("database.sqlite.temp_store", NULL, "MEMORY", "DEFAULT|FILE|MEMORY", "PRAGMA temp_store"),
    BYTES("database.sqlite.mmap_size", "268435456", 0, "PRAGMA mmap_size: bytes of the file to map"),
    FORMED("database.duckdb.memory_limit", "auto", MDM_FORM_SIZE_OR_AUTO, 0, INT64_MAX,
           "auto, or a size such as 4GB", "memory of DuckDB; auto: 8GB, at most half of the machine's"),
    FORMED("database.duckdb.threads", "auto", MDM_FORM_NUMBER_OR_AUTO, 1, 1024, "auto, or 1 to 1024",
           "threads of DuckDB; auto: 4, at most the cores"),
    PATH("database.duckdb.temp_directory", NULL, "", NULL,
         "where DuckDB puts what does not fit into memory; empty: the system's place"),
    CHOICE("database.duckdb.access_mode", NULL, "READ_WRITE", "READ_WRITE|READ_ONLY",
           "how DuckDB files are opened"),
    FORMED("database.postgresql.url", "", MDM_FORM_ADDRESS, 0, 0, "",
           "postgresql:// address or libpq words; what they say goes before the single settings"),
    TEXT("database.postgresql.host", "localhost", "server; several with commas are tried in that order"),
    INT("database.postgresql.port", NULL, "5432", 1, 65535, "its port"),
    TEXT("database.postgresql.user", "", "login name; empty: what libpq takes"),
    SECRET("database.postgresql.password", "password; better in password_env, password_file or PGPASSFILE"),
    TEXT("database.postgresql.password_env", "", "the environment variable that holds the password"),
    PATH("database.postgresql.password_file", NULL, "", NULL, "the file whose first line is the password"),
    TEXT("database.postgresql.database", "mdm", "database that holds the datasets"),
    TEXT("database.postgresql.database_prefix", "mdm_", "what the name of a dataset's schema begins with"),
    CHOICE("database.postgresql.sslmode", NULL, "prefer", "disable|allow|prefer|require|verify-ca|verify-full",
           "how far the connection is secured"),
    PATH("database.postgresql.sslcert", NULL, "", NULL, "certificate of the client"),
    PATH("database.postgresql.sslkey", NULL, "", NULL, "its key"),
    PATH("database.postgresql.sslrootcert", NULL, "", NULL, "certificates of the authorities"),
    INT("database.postgresql.pool_size", NULL, "0", 0, 1000,
        "connections to PostgreSQL; 0: performance.pool.size"),
    LIST("database.postgresql.replicas", NULL, NULL, MDM_FORM_ADDRESS, "", "addresses of replicas to read from"),

    INT("performance.max_concurrent_operations", NULL, "5", 1, 1000, "datasets handled at a time"),
    BOOL("performance.query_optimizer.cache_plans", "MDM_QUERY_CACHE_PLANS", "true",
         "keep plans and prepared statements"),
    BOOL("performance.query_optimizer.analyze_tables", "MDM_QUERY_ANALYZE_TABLES", "true",
         "refresh the database's statistics after bulk changes"),
    BOOL("performance.query_optimizer.auto_create_indexes", "MDM_QUERY_AUTO_CREATE_INDEXES", "false",
         "create recommended indexes without being asked"),
    INT("performance.cache.max_size_mb", "MDM_CACHE_MAX_SIZE_MB", "200", 0, 1048576, "limit of the cache in MB"),
    CHOICE("performance.cache.policy", "MDM_CACHE_POLICY", "lru", "lru|ttl|fifo|s3fifo", "which entry goes first"),
    INT_FROM("performance.cache.default_ttl", "MDM_CACHE_DEFAULT_TTL", "300", 0,
             "seconds that an entry lives; 0: no limit"),
    BOOL("performance.cache.persist_to_disk", "MDM_CACHE_PERSIST_TO_DISK", "true", "keep the cache on disk, too"),
    PATH("performance.cache.cache_dir", "MDM_CACHE_CACHE_DIR", "cache", NULL, "where the cache on disk lies"),
    INT("performance.batch.size", "MDM_BATCH_SIZE", "10000", 1, 10000000, "rows of a batch, at most"),
    INT("performance.batch.max_workers", "MDM_BATCH_MAX_WORKERS", "4", 1, 1024, "worker threads, at most"),
    INT("performance.batch.chunk_memory_limit_mb", "MDM_BATCH_CHUNK_MEMORY_LIMIT_MB", "100", 1, 1048576,
        "memory for batches on their way, in MB"),
    BOOL("performance.batch.enable_parallel", "MDM_BATCH_ENABLE_PARALLEL", "true", "use more than one thread"),
    INT("performance.pool.size", "MDM_POOL_SIZE", "5", 1, 1000, "connections kept open"),
    INT("performance.pool.max_overflow", "MDM_POOL_MAX_OVERFLOW", "10", 0, 1000,
        "connections opened beyond size when all are in use"),
    REAL("performance.pool.timeout", "MDM_POOL_TIMEOUT", "30", 0, 86400, "seconds to wait for a connection"),
    INT("performance.pool.recycle", "MDM_POOL_RECYCLE", "3600", -1, 31536000,
        "seconds after which a connection is replaced; -1: never"),
    BOOL("performance.pool.pre_ping", "MDM_POOL_PRE_PING", "true", "test a connection before it is used"),
    REAL("performance.pool.leak_after", "MDM_POOL_LEAK_AFTER", "60", 0, 86400,
         "seconds after which a connection that was not given back is reported; 0: never"),
    BOOL("performance.monitor.enable_system_metrics", "MDM_MONITOR_SYSTEM_METRICS", "true",
         "sample CPU, memory and input/output"),
    REAL("performance.monitor.sample_interval", "MDM_MONITOR_SAMPLE_INTERVAL", "60", 1, 86400,
         "seconds between two samples"),
    PATH("performance.monitor.metrics_file", "MDM_MONITOR_METRICS_FILE", "metrics.json", NULL,
         "where the metrics are kept; empty: nowhere"),
    INT("performance.monitor.slow_query_ms", "MDM_SLOW_QUERY_MS", "1000", 0, 86400000,
        "statements from this duration on are logged; 0: none"),
    LIST("performance.off", "MDM_PERFORMANCE_OFF", "query_optimizer|cache|batch|pool|monitor", MDM_FORM_ANY,
         "query_optimizer|cache|batch|pool|monitor", "components to run without, to compare"),

    CHOICE("logging.level", NULL, "INFO", "DEBUG|INFO|WARNING|ERROR|CRITICAL", "what is written to the log"),
    PATH("logging.file", NULL, "mdm.log", "paths.logs_path", "the log; empty: none"),
    BYTES("logging.max_bytes", "10485760", 0, "size at which the log is rotated; 0: never"),
    INT("logging.backup_count", NULL, "5", 0, 1000, "rotated logs that are kept"),
    CHOICE("logging.format", NULL, "console", "console|json", "lines for people or for programs"),

    LIST("loading.null_values", NULL, NULL, MDM_FORM_ANY, "", "words that mean NULL in data files, besides nothing"),
    TEXT("loading.encoding", "auto", "encoding of data files; auto: found out"),
    CHOICE("loading.on_error", NULL, "stop", "stop|reject", "what to do with rows that do not fit"),

    CHOICE("export.default_format", NULL, "csv", "csv|parquet|json|jsonl", "format of exports"),
    CHOICE("export.compression", NULL, "zip", "none|zip|gzip|snappy|lz4|bz2|xz|zstd", "compression of exports"),
    BOOL("export.include_metadata", NULL, "true", "write NAME_metadata.json next to an export"),

    CHOICE("cli.default_output_format", NULL, "rich", "rich|table|text|json|csv", "how results are printed"),
    INT("cli.page_size", NULL, "20", 1, 1000000, "rows printed when no number is given"),
    BOOL("cli.confirm_destructive", NULL, "true", "ask before something is deleted"),
    BOOL("cli.show_progress", NULL, "true", "show progress on a terminal"),
    CHOICE("cli.color", NULL, "auto", "auto|always|never", "colour"),

    BOOL("development.debug_mode", NULL, "false", "as --debug"),
    BOOL("development.profile_operations", NULL, "false", "times of an operation's phases on stderr"),
    BOOL("development.explain_queries", NULL, "false", "plans of statements on stderr"),
};
/* clang-format on */

const size_t mdm_option_count = sizeof mdm_option_rows / sizeof *mdm_option_rows;

const mdm_option_alias mdm_option_aliases[] = {
    {"performance.batch_size", "performance.batch.size"},
    {"performance.chunk_size", "performance.batch.size"},
    {"performance.max_workers", "performance.batch.max_workers"},
    {"performance.enable_progress", "cli.show_progress"},
    {"performance.cache.ttl", "performance.cache.default_ttl"},
    {"cache.ttl", "performance.cache.default_ttl"},
    {"database.sqlalchemy.pool_size", "performance.pool.size"},
    {"database.sqlalchemy.max_overflow", "performance.pool.max_overflow"},
    {"database.sqlalchemy.pool_timeout", "performance.pool.timeout"},
    {"database.sqlalchemy.pool_recycle", "performance.pool.recycle"},
    {"logging.max_size", "logging.max_bytes"},
    {"cli.default_limit", "cli.page_size"},
    {"monitoring.", "performance.monitor."},
};
const size_t mdm_option_alias_count = sizeof mdm_option_aliases / sizeof *mdm_option_aliases;

#define LATER "belongs to a part that this version does not have"
#define FORMER "had a meaning in the Python MDM only"

const mdm_option_other mdm_option_others[] = {
    {"paths.custom_features_path", LATER},
    {"performance.monitor.alerts", LATER},
    {"feature_engineering", LATER},
    {"features", LATER},
    {"validation", LATER},
    {"api", FORMER},
    {"backends", FORMER},
    {"performance.optimize_dtypes", FORMER},
    {"performance.use_categorical", FORMER},
};
const size_t mdm_option_other_count = sizeof mdm_option_others / sizeof *mdm_option_others;

/* --- names --------------------------------------------------------------- */

void mdm_option_variable(const char *path, char room[MDM_VARIABLE_SIZE])
{
    size_t len = 4;
    memcpy(room, "MDM_", 4);
    for (; *path && len < MDM_VARIABLE_SIZE - 1; path++)
        room[len++] = *path == '.'                   ? '_'
                      : *path >= 'a' && *path <= 'z' ? (char)(*path - 'a' + 'A')
                                                     : *path;
    room[len] = '\0';
}

/* --- derived once ------------------------------------------------------------ */

#define ROWS (sizeof mdm_option_rows / sizeof *mdm_option_rows)

static char long_variables[ROWS][MDM_VARIABLE_SIZE];
static size_t by_path[ROWS]; /* positions in the order of the paths */
static pthread_once_t derived_once = PTHREAD_ONCE_INIT;

static int compare_rows(const void *a, const void *b)
{
    return strcmp(mdm_option_rows[*(const size_t *)a].path,
                  mdm_option_rows[*(const size_t *)b].path);
}

static void derive(void)
{
    for (size_t i = 0; i < ROWS; i++) {
        mdm_option_variable(mdm_option_rows[i].path, long_variables[i]);
        by_path[i] = i;
    }
    qsort(by_path, ROWS, sizeof *by_path, compare_rows);
}

const char *mdm_option_long_variable(size_t row)
{
    pthread_once(&derived_once, derive);
    return long_variables[row];
}

static int compare_path(const void *path, const void *row)
{
    return strcmp(path, mdm_option_rows[*(const size_t *)row].path);
}

static bool find_row(const char *path, size_t *row)
{
    pthread_once(&derived_once, derive);
    const size_t *found = bsearch(path, by_path, ROWS, sizeof *by_path, compare_path);
    if (found) *row = *found;
    return found;
}

bool mdm_option_alias_find(const char *old_path, char room[MDM_OPTION_PATH_SIZE])
{
    for (size_t i = 0; i < mdm_option_alias_count; i++) {
        const mdm_str name = mdm_str_from(mdm_option_aliases[i].old_path);
        const mdm_str path = mdm_str_from(mdm_option_aliases[i].path);
        const bool is_prefix = mdm_str_ends(name, MDM_STR("."));
        if (strncmp(old_path, name.data, name.len) != 0) continue;
        const char *rest = old_path + name.len;
        if ((!is_prefix && *rest) || path.len + strlen(rest) >= MDM_OPTION_PATH_SIZE) continue;
        memcpy(room, path.data, path.len);
        strcpy(room + path.len, rest);
        return true;
    }
    return false;
}

bool mdm_option_find(const char *path, size_t *row)
{
    char present[MDM_OPTION_PATH_SIZE];
    return find_row(path, row) || (mdm_option_alias_find(path, present) && find_row(present, row));
}

/* Is path the same as, or below, section? */
static bool is_within(const char *path, const char *section)
{
    const size_t len = strlen(section);
    return strncmp(path, section, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

const mdm_option_other *mdm_option_other_find(const char *path)
{
    for (size_t i = 0; i < mdm_option_other_count; i++)
        if (is_within(path, mdm_option_others[i].path)) return &mdm_option_others[i];
    return NULL;
}

static bool is_below(const char *path, const char *section)
{
    return is_within(path, section) && strlen(path) > strlen(section);
}

bool mdm_option_is_section(const char *path)
{
    for (size_t i = 0; i < mdm_option_count; i++)
        if (is_below(mdm_option_rows[i].path, path)) return true;
    for (size_t i = 0; i < mdm_option_alias_count; i++)
        if (is_below(mdm_option_aliases[i].old_path, path)) return true;
    for (size_t i = 0; i < mdm_option_other_count; i++)
        if (is_below(mdm_option_others[i].path, path)) return true;
    return false;
}
