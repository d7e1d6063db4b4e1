#include <zstd.h>

#include "base/alloc.h"
#include "file/sink.h"

#define BLOCK_BYTES ((size_t)64 << 10)

typedef struct zstd_packer {
    mdm_packer packer;
    mdm_sink *sink;
    ZSTD_CCtx *context;
    char block[BLOCK_BYTES];
} zstd_packer;

static mdm_status run(zstd_packer *z, mdm_str text, ZSTD_EndDirective how, mdm_error *err)
{
    ZSTD_inBuffer in = {text.data, text.len, 0};
    size_t left;
    do {
        ZSTD_outBuffer out = {z->block, BLOCK_BYTES, 0};
        left = ZSTD_compressStream2(z->context, &out, &in, how);
        if (ZSTD_isError(left))
            return mdm_error_set(err, MDM_IO, "zstd: %s", ZSTD_getErrorName(left));
        if (out.pos) MDM_TRY(mdm_sink_write(z->sink, (mdm_str){z->block, out.pos}, err));
    } while (how == ZSTD_e_end ? left > 0 : in.pos < in.size);
    return MDM_OK;
}

static mdm_status pack(mdm_packer *packer, mdm_str text, mdm_error *err)
{
    return run((zstd_packer *)packer, text, ZSTD_e_continue, err);
}

static mdm_status finish(mdm_packer *packer, mdm_error *err)
{
    return run((zstd_packer *)packer, (mdm_str){NULL, 0}, ZSTD_e_end, err);
}

static void close_packer(mdm_packer *packer)
{
    zstd_packer *z = (zstd_packer *)packer;
    ZSTD_freeCCtx(z->context);
    mdm_free(z);
}

mdm_status mdm_zstd_packer_open(mdm_sink *sink, mdm_packer **out, mdm_error *err)
{
    zstd_packer *z = mdm_alloc(sizeof *z);
    if (!z) return mdm_no_memory(err, "a packer");
    z->packer = (mdm_packer){pack, finish, close_packer};
    z->sink = sink;
    z->context = ZSTD_createCCtx();
    if (!z->context || ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1))) {
        close_packer(&z->packer);
        return mdm_no_memory(err, "a packer");
    }
    *out = &z->packer;
    return MDM_OK;
}
