/* The second factor of an account: see second_factor.h. */
#include "trust/login/second_factor.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "format/wire.h"
#include "trust/login/random_words.h"

bool second_factor_is_set(const struct second_factor *f)
{
	return f->totp.len > 0 || f->passkey_count > 0;
}

void second_factor_tidy(struct second_factor *f)
{
	if (!second_factor_is_set(f))
		second_factor_clear(f);
}

void second_factor_clear(struct second_factor *f)
{
	memset(f, 0, sizeof *f);
}

/* ---- codes that change with time ---- */

int second_factor_set_totp(
    struct second_factor *f, const unsigned char secret[TOTP_SECRET_SIZE], uint64_t step, struct arena *arena)
{
	struct view kept;
	if (!arena_copy(arena, view_of(secret, TOTP_SECRET_SIZE), &kept))
		return -ENOBUFS;
	f->totp = kept;
	f->totp_step = step;
	return 0;
}

int second_factor_take_totp(struct second_factor *f, struct view code, int64_t now)
{
	if (f->totp.len == 0)
		return -EACCES;
	return totp_check(f->totp, code, now, f->totp_step, &f->totp_step);
}

/* ---- passkeys ---- */

static bool is_name(struct view name, size_t most)
{
	return name.len > 0 && name.len <= most && utf8_valid(name);
}

int second_factor_add_passkey(struct second_factor *f, const struct passkey *made, struct arena *arena)
{
	struct passkey kept = *made;
	if (!is_name(made->name, PASSKEY_NAME_MAX) || !is_name(made->site, SITE_MAX) ||
	    made->credential.len == 0 || made->credential.len > WEBAUTHN_ID_MAX ||
	    made->key.len > WEBAUTHN_KEY_MAX)
		return -EINVAL;
	for (size_t i = 0; i < f->passkey_count; i++)
		if (view_equal(f->passkeys[i].credential, made->credential))
			return -EEXIST;
	if (f->passkey_count == PASSKEYS_MAX)
		return -ENOSPC;
	if (!arena_copy(arena, made->name, &kept.name) || !arena_copy(arena, made->site, &kept.site) ||
	    !arena_copy(arena, made->credential, &kept.credential) ||
	    !arena_copy(arena, made->key, &kept.key))
		return -ENOBUFS;
	f->passkeys[f->passkey_count++] = kept;
	return 0;
}

struct passkey *second_factor_find_passkey(struct second_factor *f, struct view credential, struct view site)
{
	for (size_t i = 0; i < f->passkey_count; i++)
		if (view_equal(f->passkeys[i].credential, credential) &&
		    view_equal(f->passkeys[i].site, site))
			return &f->passkeys[i];
	return NULL;
}

bool second_factor_remove_passkey(struct second_factor *f, uint64_t id)
{
	size_t i = 0;
	while (i < f->passkey_count && f->passkeys[i].id != id)
		i++;
	if (i == f->passkey_count)
		return false;
	memmove(&f->passkeys[i], &f->passkeys[i + 1], (f->passkey_count - i - 1) * sizeof f->passkeys[0]);
	f->passkey_count--;
	second_factor_tidy(f);
	return true;
}

/* ---- recovery codes ---- */

static void hash_code(struct view salt, struct view code, unsigned char hash[RECOVERY_HASH_SIZE])
{
	static const char purpose[] = "recovery";
	crypto_generichash_state state;
	crypto_generichash_init(&state, (const unsigned char *)salt.data, salt.len, RECOVERY_HASH_SIZE);
	crypto_generichash_update(&state, (const unsigned char *)purpose, sizeof purpose);
	crypto_generichash_update(&state, (const unsigned char *)code.data, code.len);
	crypto_generichash_final(&state, hash, RECOVERY_HASH_SIZE);
}

void second_factor_make_recovery(struct second_factor *f, struct view salt,
    unsigned char random[RECOVERY_CODES][RECOVERY_RANDOM], char texts[RECOVERY_CODES][RECOVERY_TEXT_SIZE])
{
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		char code[RECOVERY_LENGTH + 1], *out = texts[i];
		random_letters(random[i], code, RECOVERY_LENGTH);
		hash_code(salt, view_of(code, RECOVERY_LENGTH), f->recovery[i]);
		for (size_t k = 0; k < RECOVERY_LENGTH; k++) {
			if (k > 0 && k % 4 == 0)
				*out++ = '-';
			*out++ = code[k];
		}
		*out = '\0';
		mem_wipe(code, sizeof code);
	}
	f->recovery_count = RECOVERY_CODES;
}

bool second_factor_take_recovery(struct second_factor *f, struct view salt, struct view typed)
{
	char code[RECOVERY_LENGTH];
	unsigned char hash[RECOVERY_HASH_SIZE];
	size_t n = 0, found = f->recovery_count;
	for (size_t i = 0; i < typed.len; i++) {
		if (typed.data[i] == '-' || typed.data[i] == ' ')
			continue;
		if (n == RECOVERY_LENGTH)
			return false;
		code[n++] = ascii_lower(typed.data[i]);
	}
	if (n != RECOVERY_LENGTH)
		return false;
	hash_code(salt, view_of(code, n), hash);
	for (size_t i = 0; i < f->recovery_count; i++)
		if (sodium_memcmp(hash, f->recovery[i], sizeof hash) == 0)
			found = i;
	mem_wipe(code, sizeof code);
	if (found == f->recovery_count)
		return false;
	f->recovery_count--;
	memmove(f->recovery[found], f->recovery[f->recovery_count], sizeof f->recovery[0]);
	return true;
}

/* ---- the stored form ---- */

/*
 *	second-factor = totp step count *passkey count *recovery-hash
 *	passkey       = id name site credential key counter created last-used
 */
void second_factor_put(const struct second_factor *f, struct buf *out)
{
	wire_put_text(out, f->totp);
	wire_put_number(out, f->totp_step);
	wire_put_number(out, f->passkey_count);
	for (size_t i = 0; i < f->passkey_count; i++) {
		const struct passkey *p = &f->passkeys[i];
		wire_put_number(out, p->id);
		wire_put_text(out, p->name);
		wire_put_text(out, p->site);
		wire_put_text(out, p->credential);
		wire_put_text(out, p->key);
		wire_put_number(out, p->counter);
		wire_put_number(out, (uint64_t)p->created);
		wire_put_number(out, (uint64_t)p->last_used);
	}
	wire_put_number(out, f->recovery_count);
	for (size_t i = 0; i < f->recovery_count; i++)
		buf_append(out, view_of(f->recovery[i], RECOVERY_HASH_SIZE));
}

static void get_passkey(struct cursor *in, struct passkey *p)
{
	p->id = wire_number(in, UINT64_MAX);
	p->name = wire_text(in);
	p->site = wire_text(in);
	p->credential = wire_text(in);
	p->key = wire_text(in);
	p->counter = (uint32_t)wire_number(in, UINT32_MAX);
	p->created = (int64_t)wire_number(in, INT64_MAX);
	p->last_used = (int64_t)wire_number(in, INT64_MAX);
}

void second_factor_get(struct cursor *in, struct second_factor *f)
{
	second_factor_clear(f);
	f->totp = wire_text(in);
	f->totp_step = wire_number(in, UINT64_MAX);
	if (f->totp.len != 0 && f->totp.len != TOTP_SECRET_SIZE)
		in->failed = true;
	uint64_t count = wire_number(in, PASSKEYS_MAX);
	for (uint64_t i = 0; i < count && cursor_ok(in); i++)
		get_passkey(in, &f->passkeys[f->passkey_count++]);
	count = wire_number(in, RECOVERY_CODES);
	for (uint64_t i = 0; i < count && cursor_ok(in); i++) {
		struct view hash = cursor_bytes(in, RECOVERY_HASH_SIZE);
		if (hash.len)
			memcpy(f->recovery[f->recovery_count++], hash.data, RECOVERY_HASH_SIZE);
	}
}
