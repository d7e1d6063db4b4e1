/* mdm version */
#include <string.h>

#include "cli/commands.h"
#include "cli/json_text.h"

/* Versions of the databases; an absent library is told by doctor, not here. */
static json_t *libraries(void)
{
    json_t *all = json_object();
    const mdm_backend *backend;
    for (size_t i = 0; (backend = mdm_backend_at(i)); i++) {
        char version[64];
        if (mdm_backend_version(backend, version, NULL) == MDM_OK)
            json_object_set_new(all, backend->name, json_string(version));
        else json_object_set_new(all, backend->name, json_null());
    }
    return all;
}

static mdm_status run(cli_context *context, const void *values, mdm_error *err)
{
    (void)values;
    const char *format = context->globals->format;
    if (context->globals->json || (format && strcmp(format, "json") == 0))
        return cli_json_print(context->out,
                              json_pack("{s:s, s:s, s:o}", "schema", "mdm.version/1", "version",
                                        mdm_version(), "libraries", libraries()),
                              err);
    fprintf(context->out, "MDM version %s\n", mdm_version());
    return MDM_OK;
}

const cli_command cli_command_version = {
    .path = "version",
    .flags = CLI_NO_SESSION,
    .summary = "print the version",
    .details = "With --json also the versions of the database libraries.",
    .examples = "mdm version\n"
                "mdm version --json",
    .run = run,
};
