#include "dataset/json.h"

static int append(const char *bytes, size_t size, void *text)
{
    mdm_text_add(text, (mdm_str){bytes, size});
    return 0;
}

void mdm_json_put(mdm_text *text, json_t *document, size_t flags)
{
    if (!document || json_dump_callback(document, append, text, flags | JSON_ENCODE_ANY) != 0)
        text->failed = true;
    json_decref(document);
}
