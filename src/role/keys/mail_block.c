/* The form of what is signed of mail: see mail_block.h. The field is read by the parser that verifiers of
 * ours use, so that it means to both the same. */
#include "role/keys/mail_block.h"

#include <string.h>

#include "trust/sender/dkim_field.h"

enum {
	FIELD_MAX = 32 * 1024, /* what dkim_sign.c writes at most */
	ARENA = 64 * 1024
};

static bool find_kind(struct view name, enum dkim_field_kind *kind)
{
	static const struct {
		const char *name;
		enum dkim_field_kind kind;
	} kinds[] = {{"dkim-signature", DKIM_SIGNATURE}, {"arc-message-signature", ARC_MESSAGE_SIGNATURE},
	    {"arc-seal", ARC_SEAL}};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (view_equal(name, view_from_string(kinds[i].name))) {
			*kind = kinds[i].kind;
			return true;
		}
	return false;
}

static bool is_of(
    const struct dkim_field *f, struct view domain, struct view selector, enum signing_algorithm algorithm)
{
	enum dkim_algorithm wanted = algorithm == SIGNING_ED25519 ? DKIM_ED25519_SHA256 : DKIM_RSA_SHA256;
	return f->fault == DKIM_FIELD_GOOD && f->algorithm == wanted &&
	       view_equal(domain, view_from_string(f->domain)) &&
	       view_equal_nocase(selector, view_from_string(f->selector));
}

bool mail_block_is_of(
    struct view block, struct view domain, struct view selector, enum signing_algorithm algorithm)
{
	ptrdiff_t lf = view_find_last(block, '\n');
	struct view line = view_skip(block, (size_t)(lf + 1));
	ptrdiff_t colon = view_find(line, ':');
	enum dkim_field_kind kind;
	if (colon < 0 || line.len > FIELD_MAX || !find_kind(view_take(line, (size_t)colon), &kind))
		return false;
	/* A field without its signature is none to the parser: one stands in for it. */
	struct view body = view_skip(line, (size_t)colon + 1);
	if (body.len < 3 || !view_equal(view_skip(body, body.len - 3), VIEW(" b=")))
		return false;
	struct dkim_field field;
	struct arena arena;
	struct buf whole;
	buf_init(&whole, FIELD_MAX + 8);
	arena_init(&arena, ARENA);
	buf_append(&whole, body);
	buf_append_string(&whole, "AAAA");
	dkim_field_parse(kind, buf_view(&whole), &arena, &field);
	bool good = !buf_failed(&whole) && is_of(&field, domain, selector, algorithm);
	arena_done(&arena);
	buf_done(&whole);
	return good;
}
