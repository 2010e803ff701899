/* The two ceremonies of Web Authentication, from the server's side: see webauthn.h. The numbers in comments
 * are steps of sections 7.1 (making) and 7.2 (signing in) of level 2. */
#include "trust/login/webauthn.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "format/json_read.h"
#include "trust/login/cbor.h"

enum {
	HASH = 32,
	FLAG_PRESENT = 1,
	FLAG_VERIFIED = 4,
	FLAG_CREDENTIAL = 64,
	FLAG_EXTENSIONS = 128,
	AAGUID = 16,
};

const char *webauthn_fault_name(enum webauthn_fault fault)
{
	static const char *const names[] = {[WEBAUTHN_GOOD] = "good",
	    [WEBAUTHN_MALFORMED] = "malformed",
	    [WEBAUTHN_TYPE] = "type",
	    [WEBAUTHN_CHALLENGE] = "challenge",
	    [WEBAUTHN_ORIGIN] = "origin",
	    [WEBAUTHN_SITE] = "site",
	    [WEBAUTHN_ABSENT] = "absent",
	    [WEBAUTHN_UNVERIFIED] = "unverified",
	    [WEBAUTHN_ALGORITHM] = "algorithm",
	    [WEBAUTHN_ATTESTATION] = "attestation",
	    [WEBAUTHN_SIGNATURE] = "signature",
	    [WEBAUTHN_COUNTER] = "counter",
	    [WEBAUTHN_MEMORY] = "memory"};
	return names[fault];
}

/* ---- what the browser says of itself ---- */

static enum webauthn_fault judge_client(
    const struct webauthn_expected *expected, const struct json_value *client, const char *type)
{
	unsigned char challenge[WEBAUTHN_CHALLENGE_SIZE + 3];
	struct view told = json_text_of(client, "challenge");
	size_t len = 0;
	if (client->kind != JSON_OBJECT)
		return WEBAUTHN_MALFORMED;
	if (!view_equal(json_text_of(client, "type"), view_from_string(type)))
		return WEBAUTHN_TYPE;
	if (base64url_read(told, challenge, sizeof challenge, &len) != 0 || len != expected->challenge.len ||
	    sodium_memcmp(challenge, expected->challenge.data, len) != 0)
		return WEBAUTHN_CHALLENGE;
	/* Nobody frames our pages, so what was said within another's frame was not said to us. */
	if (!view_equal(json_text_of(client, "origin"), expected->origin) ||
	    json_true_of(client, "crossOrigin"))
		return WEBAUTHN_ORIGIN;
	return WEBAUTHN_GOOD;
}

/* 7.1 steps 5 to 9, 7.2 steps 9 to 13. */
static enum webauthn_fault read_client(
    const struct webauthn_expected *expected, struct view client_data, const char *type)
{
	struct arena arena;
	struct json_value client;
	if (client_data.len > WEBAUTHN_CLIENT_DATA_MAX || expected->challenge.len != WEBAUTHN_CHALLENGE_SIZE)
		return WEBAUTHN_MALFORMED;
	arena_init(&arena, 64 * 1024);
	enum webauthn_fault fault = json_parse(client_data, &arena, &client) == 0
	                                ? judge_client(expected, &client, type)
	                                : WEBAUTHN_MALFORMED;
	arena_done(&arena);
	return fault;
}

/* ---- what the authenticator says (section 6.1) ---- */

struct authenticator {
	unsigned flags;
	uint32_t counter;
	struct view id, key; /* where a credential was made */
};

/* The key is one value of CBOR in the middle: what it takes is what it is long. */
static bool take_credential(struct cursor *in, struct authenticator *a)
{
	struct cbor key;
	cursor_bytes(in, AAGUID);
	uint16_t len = cursor_u16(in);
	if (len == 0 || len > WEBAUTHN_ID_MAX)
		return false;
	a->id = cursor_bytes(in, len);
	const char *begin = in->rest.data;
	if (!cursor_ok(in) || !cbor_take(in, &key))
		return false;
	a->key = view_of(begin, (size_t)(in->rest.data - begin));
	return true;
}

static bool hash_equals(struct view text, struct view hash)
{
	unsigned char computed[HASH];
	return EVP_Digest(text.data, text.len, computed, NULL, EVP_sha256(), NULL) == 1 && hash.len == HASH &&
	       sodium_memcmp(computed, hash.data, HASH) == 0;
}

static enum webauthn_fault read_authenticator(
    const struct webauthn_expected *expected, struct view data, struct authenticator *a)
{
	struct cursor in = cursor_on(data);
	struct view site = cursor_bytes(&in, HASH);
	struct cbor extensions;
	a->flags = cursor_u8(&in);
	a->counter = cursor_u32(&in);
	if (!cursor_ok(&in) || (a->flags & FLAG_CREDENTIAL && !take_credential(&in, a)) ||
	    (a->flags & FLAG_EXTENSIONS && (!cbor_take(&in, &extensions) || extensions.kind != CBOR_MAP)) ||
	    !cursor_at_end(&in))
		return WEBAUTHN_MALFORMED;
	if (!hash_equals(expected->rp_id, site))
		return WEBAUTHN_SITE;
	if (!(a->flags & FLAG_PRESENT))
		return WEBAUTHN_ABSENT;
	return expected->verified && !(a->flags & FLAG_VERIFIED) ? WEBAUTHN_UNVERIFIED : WEBAUTHN_GOOD;
}

/* What is signed: what the authenticator says, and the hash of what the browser says. */
static enum webauthn_fault verify(
    struct view key, struct view authenticator_data, struct view client_data, struct view signature)
{
	unsigned char hash[HASH];
	struct buf message;
	if (EVP_Digest(client_data.data, client_data.len, hash, NULL, EVP_sha256(), NULL) != 1)
		return WEBAUTHN_MEMORY;
	buf_init(&message, WEBAUTHN_ATTESTATION_MAX + HASH);
	buf_append(&message, authenticator_data);
	buf_append(&message, view_of(hash, sizeof hash));
	enum webauthn_fault fault = buf_failed(&message)
	                                ? WEBAUTHN_MALFORMED
	                                : webauthn_key_verify(key, buf_view(&message), signature);
	buf_done(&message);
	return fault;
}

/* ---- a credential is made ---- */

/* Section 8.2, without a certificate: the credential signs for itself. */
static enum webauthn_fault judge_packed(const struct cbor *statement, int64_t algorithm,
    const struct authenticator *a, struct view authenticator_data, struct view client_data)
{
	struct cbor alg, signature, certificates;
	int64_t told;
	if (cbor_member(statement, "x5c", &certificates) ||
	    cbor_member(statement, "ecdaaKeyId", &certificates))
		return WEBAUTHN_ATTESTATION;
	if (!cbor_member(statement, "alg", &alg) || !cbor_integer(&alg, &told) || told != algorithm ||
	    !cbor_member(statement, "sig", &signature) || signature.kind != CBOR_OCTETS)
		return WEBAUTHN_ATTESTATION;
	enum webauthn_fault fault = verify(a->key, authenticator_data, client_data, signature.octets);
	return fault == WEBAUTHN_SIGNATURE ? WEBAUTHN_ATTESTATION : fault;
}

static enum webauthn_fault judge_attestation(struct view format, const struct cbor *statement,
    int64_t algorithm, const struct authenticator *a, struct view authenticator_data, struct view client_data)
{
	if (view_equal(format, VIEW("none")))
		return statement->number == 0 ? WEBAUTHN_GOOD : WEBAUTHN_ATTESTATION;
	if (view_equal(format, VIEW("packed")))
		return judge_packed(statement, algorithm, a, authenticator_data, client_data);
	return WEBAUTHN_ATTESTATION;
}

enum webauthn_fault webauthn_register(const struct webauthn_expected *expected, struct view client_data,
    struct view attestation, struct webauthn_credential *made)
{
	struct cbor object, format, statement, data;
	struct authenticator a = {0};
	int64_t algorithm = 0;
	enum webauthn_fault fault = read_client(expected, client_data, "webauthn.create");
	if (fault)
		return fault;
	/* 7.1 step 12 */
	if (attestation.len > WEBAUTHN_ATTESTATION_MAX || !cbor_read(attestation, &object) ||
	    !cbor_member(&object, "fmt", &format) || format.kind != CBOR_TEXT ||
	    !cbor_member(&object, "attStmt", &statement) || statement.kind != CBOR_MAP ||
	    !cbor_member(&object, "authData", &data) || data.kind != CBOR_OCTETS)
		return WEBAUTHN_MALFORMED;
	/* Steps 13 to 15. */
	fault = read_authenticator(expected, data.octets, &a);
	if (fault)
		return fault;
	if (!(a.flags & FLAG_CREDENTIAL))
		return WEBAUTHN_MALFORMED;
	/* Steps 16 and 19. */
	fault = webauthn_key_check(a.key, &algorithm);
	if (fault == WEBAUTHN_GOOD)
		fault = judge_attestation(format.octets, &statement, algorithm, &a, data.octets, client_data);
	if (fault)
		return fault;
	*made = (struct webauthn_credential){
	    .id = a.id, .key = a.key, .counter = a.counter, .verified = a.flags & FLAG_VERIFIED};
	return WEBAUTHN_GOOD;
}

/* ---- somebody signs in ---- */

enum webauthn_fault webauthn_assert(const struct webauthn_expected *expected, struct view client_data,
    struct view authenticator_data, struct view signature, struct webauthn_credential *credential)
{
	struct authenticator a = {0};
	enum webauthn_fault fault = read_client(expected, client_data, "webauthn.get");
	if (fault == WEBAUTHN_GOOD)
		fault = read_authenticator(expected, authenticator_data, &a);
	/* Steps 19 and 20. */
	if (fault == WEBAUTHN_GOOD)
		fault = verify(credential->key, authenticator_data, client_data, signature);
	if (fault)
		return fault;
	/* Step 21. Passkeys that are synchronised between devices do not count, and say 0. */
	if ((a.counter || credential->counter) && a.counter <= credential->counter)
		return WEBAUTHN_COUNTER;
	credential->counter = a.counter;
	credential->verified = a.flags & FLAG_VERIFIED;
	return WEBAUTHN_GOOD;
}
