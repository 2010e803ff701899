/*
 * The provider of tls_remote.h. OpenSSL picks a signature implementation by trying its own provider first and
 * exporting the key to it; our export refuses to give private parts, so that fails, and OpenSSL comes back to
 * us with the key's own provider. Public operations (comparing with the certificate, sizes, curve names) are
 * answered from the public key.
 */
#include "io/tls_remote.h"

#include <errno.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"

#define NUMBER_PARAM "postrider-key"

static struct {
	tls_sign sign;
	void *arg;
	OSSL_PROVIDER *theirs, *ours; /* loaded for the life of the process */
} signer;

struct remote_key {
	EVP_PKEY *public_key; /* of OpenSSL's own provider */
	const char *kind;
	unsigned number;
	bool can_sign;
};

/* ---- keys ---- */

static struct remote_key *key_new(const char *kind)
{
	struct remote_key *key = mem_alloc(sizeof *key);
	key->kind = kind;
	return key;
}

static void *key_new_ec(void *provider)
{
	(void)provider;
	return key_new("EC");
}

static void *key_new_rsa(void *provider)
{
	(void)provider;
	return key_new("RSA");
}

static void *key_new_ed25519(void *provider)
{
	(void)provider;
	return key_new("ED25519");
}

static void key_free(void *keydata)
{
	struct remote_key *key = keydata;
	if (key == NULL)
		return;
	EVP_PKEY_free(key->public_key);
	mem_free(key);
}

static int key_has(const void *keydata, int selection)
{
	const struct remote_key *key = keydata;
	if (key == NULL || key->public_key == NULL)
		return 0;
	return !(selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) || key->can_sign;
}

static int key_match(const void *one, const void *other, int selection)
{
	const struct remote_key *a = one, *b = other;
	(void)selection;
	return a->public_key && b->public_key && EVP_PKEY_eq(a->public_key, b->public_key) == 1;
}

static int key_import(void *keydata, int selection, const OSSL_PARAM params[])
{
	struct remote_key *key = keydata;
	(void)selection;
	const OSSL_PARAM *number = OSSL_PARAM_locate_const(params, NUMBER_PARAM);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, key->kind, "provider=default");
	EVP_PKEY *public_key = NULL;
	int good =
	    ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &public_key, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)(uintptr_t)params) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!good)
		return 0;
	EVP_PKEY_free(key->public_key);
	key->public_key = public_key;
	if (number && OSSL_PARAM_get_uint(number, &key->number))
		key->can_sign = true;
	return 1;
}

static int key_export(void *keydata, int selection, OSSL_CALLBACK *take, void *arg)
{
	struct remote_key *key = keydata;
	OSSL_PARAM *params = NULL;
	if (key->public_key == NULL || selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY)
		return 0;
	if (EVP_PKEY_todata(key->public_key, EVP_PKEY_PUBLIC_KEY, &params) != 1)
		return 0;
	int good = take(params, arg);
	OSSL_PARAM_free(params);
	return good;
}

/* The parameters that cross the border: what makes up a public key of each kind, and the key's number. */
static const OSSL_PARAM *key_exchange_types(int selection)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
	    OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
	    OSSL_PARAM_uint(NUMBER_PARAM, NULL),
	    OSSL_PARAM_END,
	};
	(void)selection;
	return types;
}

static int key_get_params(void *keydata, OSSL_PARAM params[])
{
	struct remote_key *key = keydata;
	return key->public_key && EVP_PKEY_get_params(key->public_key, params) == 1;
}

static const OSSL_PARAM *key_gettable_params(void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
	    OSSL_PARAM_END,
	};
	(void)provider;
	return types;
}

static const char *ec_operation(int operation)
{
	return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

typedef void (*any_function)(void);

#define KEY_FUNCTIONS(make)                                                                                  \
	{OSSL_FUNC_KEYMGMT_NEW, (any_function)(make)}, {OSSL_FUNC_KEYMGMT_FREE, (any_function)key_free},     \
	    {OSSL_FUNC_KEYMGMT_HAS, (any_function)key_has},                                                  \
	    {OSSL_FUNC_KEYMGMT_MATCH, (any_function)key_match},                                              \
	    {OSSL_FUNC_KEYMGMT_IMPORT, (any_function)key_import},                                            \
	    {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (any_function)key_exchange_types},                              \
	    {OSSL_FUNC_KEYMGMT_EXPORT, (any_function)key_export},                                            \
	    {OSSL_FUNC_KEYMGMT_EXPORT_TYPES, (any_function)key_exchange_types},                              \
	    {OSSL_FUNC_KEYMGMT_GET_PARAMS, (any_function)key_get_params},                                    \
	{                                                                                                    \
		OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (any_function)key_gettable_params                         \
	}

static const OSSL_DISPATCH ec_functions[] = {KEY_FUNCTIONS(key_new_ec),
    {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (any_function)ec_operation}, {0, NULL}};
static const OSSL_DISPATCH rsa_functions[] = {KEY_FUNCTIONS(key_new_rsa), {0, NULL}};
static const OSSL_DISPATCH ed25519_functions[] = {KEY_FUNCTIONS(key_new_ed25519), {0, NULL}};

static const OSSL_ALGORITHM key_algorithms[] = {
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=postrider", ec_functions, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=postrider", rsa_functions, NULL},
    {"ED25519:1.3.101.112", "provider=postrider", ed25519_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- signatures ---- */

struct remote_signature {
	const struct remote_key *key;
	char digest[32];
	bool pss;
};

static void *signature_new(void *provider, const char *properties)
{
	(void)provider;
	(void)properties;
	return mem_alloc(sizeof(struct remote_signature));
}

static int signature_set_params(void *ctx, const OSSL_PARAM params[])
{
	struct remote_signature *s = ctx;
	const OSSL_PARAM *pad =
	    params ? OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE) : NULL;
	if (pad == NULL)
		return 1; /* the salt is always as long as the digest, MGF1 uses the same digest */
	int mode = 0;
	if (pad->data_type == OSSL_PARAM_UTF8_STRING)
		s->pss = strcmp(pad->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0;
	else if (OSSL_PARAM_get_int(pad, &mode))
		s->pss = mode == RSA_PKCS1_PSS_PADDING;
	else
		return 0;
	return 1;
}

static const OSSL_PARAM *signature_settable(void *ctx, void *provider)
{
	static const OSSL_PARAM types[] = {
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
	    OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, NULL, 0),
	    OSSL_PARAM_END,
	};
	(void)ctx;
	(void)provider;
	return types;
}

static int signature_init(void *ctx, const char *digest, void *keydata, const OSSL_PARAM params[])
{
	struct remote_signature *s = ctx;
	if (keydata)
		s->key = keydata;
	if (s->key == NULL || !s->key->can_sign || (digest && strlen(digest) >= sizeof s->digest))
		return 0;
	if (digest)
		strcpy(s->digest, digest);
	return signature_set_params(ctx, params);
}

static int signature_sign(
    void *ctx, unsigned char *out, size_t *out_len, size_t out_size, const unsigned char *tbs, size_t tbs_len)
{
	struct remote_signature *s = ctx;
	if (out == NULL) {
		*out_len = (size_t)EVP_PKEY_get_size(s->key->public_key);
		return 1;
	}
	*out_len = out_size;
	return tls_shake_sign(signer.sign, signer.arg, s->key->number, view_from_string(s->digest), s->pss,
	           view_of(tbs, tbs_len), (char *)out, out_len) == 0;
}

static void signature_free(void *ctx)
{
	mem_free(ctx);
}

static void *signature_copy(void *ctx)
{
	struct remote_signature *copy = mem_alloc(sizeof *copy);
	*copy = *(struct remote_signature *)ctx;
	return copy;
}

static const OSSL_DISPATCH signature_functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (any_function)signature_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (any_function)signature_free},
    {OSSL_FUNC_SIGNATURE_DUPCTX, (any_function)signature_copy},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (any_function)signature_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (any_function)signature_sign},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (any_function)signature_set_params},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (any_function)signature_settable},
    {0, NULL},
};

static const OSSL_ALGORITHM signature_algorithms[] = {
    {"ECDSA", "provider=postrider", signature_functions, NULL},
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=postrider", signature_functions, NULL},
    {"ED25519:1.3.101.112", "provider=postrider", signature_functions, NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *provider_query(void *provider, int operation, int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	if (operation == OSSL_OP_KEYMGMT)
		return key_algorithms;
	return operation == OSSL_OP_SIGNATURE ? signature_algorithms : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (any_function)provider_query},
    {0, NULL},
};

static int provider_init(
    const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **provider)
{
	(void)in;
	*out = provider_functions;
	*provider = (void *)(uintptr_t)handle;
	return 1;
}

int tls_remote_install(tls_sign sign, void *arg)
{
	signer.sign = sign;
	signer.arg = arg;
	if (signer.ours)
		return 0;
	/* OpenSSL's own provider first and preferred: ours is for keys that say so. */
	signer.theirs = OSSL_PROVIDER_load(NULL, "default");
	if (signer.theirs && OSSL_PROVIDER_add_builtin(NULL, "postrider", provider_init) == 1)
		signer.ours = OSSL_PROVIDER_load(NULL, "postrider");
	return signer.ours && EVP_set_default_properties(NULL, "?provider=default") == 1 ? 0 : -ENOTSUP;
}

static const char *kind_of(EVP_PKEY *key)
{
	static const char *const kinds[] = {"EC", "RSA", "ED25519"};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (EVP_PKEY_is_a(key, kinds[i]))
			return kinds[i];
	return NULL;
}

EVP_PKEY *tls_remote_key(EVP_PKEY *public_key, unsigned number)
{
	const char *kind = public_key ? kind_of(public_key) : NULL;
	OSSL_PARAM *public_params = NULL;
	OSSL_PARAM own[] = {OSSL_PARAM_uint(NUMBER_PARAM, &number), OSSL_PARAM_END};
	EVP_PKEY *key = NULL;
	if (kind == NULL || signer.ours == NULL ||
	    EVP_PKEY_todata(public_key, EVP_PKEY_PUBLIC_KEY, &public_params) != 1)
		return NULL;
	OSSL_PARAM *params = OSSL_PARAM_merge(public_params, own);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, "provider=postrider");
	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	OSSL_PARAM_free(public_params);
	return key;
}
