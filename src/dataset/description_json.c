/* datasets/NAME/dataset_info.json: the description again, for programs that read JSON. Made from the
 * YAML's own text, so the two cannot differ. */
#include <math.h>

#include "base/alloc.h"
#include "base/io.h"
#include "dataset/columns.h"
#include "dataset/json.h"

static json_t *as_json(const mdm_yaml *node);

static json_t *scalar(const mdm_yaml *node)
{
    int64_t whole;
    double real;
    bool truth;
    if (mdm_yaml_is_null(node)) return json_null();
    if (mdm_yaml_to_int(node, &whole)) return json_integer(whole);
    if (mdm_yaml_to_bool(node, &truth)) return json_boolean(truth);
    if (mdm_yaml_to_real(node, &real) && isfinite(real)) return json_real(real); /* JSON has no .inf */
    return json_stringn(node->text.data, node->text.len);
}

static json_t *as_json(const mdm_yaml *node)
{
    if (node->kind == MDM_YAML_SCALAR) return scalar(node);
    json_t *all = node->kind == MDM_YAML_LIST ? json_array() : json_object();
    for (const mdm_yaml *child = node->first; child; child = child->next) {
        if (node->kind == MDM_YAML_LIST) json_array_append_new(all, as_json(child));
        else json_object_set_new(all, child->key.data, as_json(child));
    }
    return all;
}

mdm_status mdm_description_json(const mdm_description *d, json_t **out, mdm_error *err)
{
    mdm_text yaml;
    mdm_yaml *tree = NULL;
    *out = NULL;
    mdm_text_init(&yaml);
    mdm_status status = mdm_description_write(d, &yaml, err);
    if (status == MDM_OK)
        status = mdm_yaml_read((mdm_str){yaml.data, yaml.len}, "description", MDM_FORMAT, &tree, err);
    if (status == MDM_OK && !(*out = as_json(tree))) status = mdm_no_memory(err, "a description");
    mdm_yaml_close(tree);
    mdm_text_clear(&yaml);
    return status;
}

mdm_status mdm_description_json_write(const mdm_description *d, const char *folder, mdm_error *err)
{
    mdm_text text;
    json_t *json = NULL;
    MDM_TRY(mdm_description_json(d, &json, err));
    mdm_text_init(&text);
    mdm_json_put(&text, json, JSON_INDENT(2));
    char *path = mdm_path_join(folder, "dataset_info.json");
    mdm_status status = path ? mdm_text_status(&text, err) : mdm_no_memory(err, "a path");
    if (status == MDM_OK) status = mdm_file_replace(path, (mdm_str){text.data, text.len}, err);
    mdm_free(path);
    mdm_text_clear(&text);
    return status;
}
