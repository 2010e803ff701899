/* The form of what is signed of mail: see mail_block.h. The field is read by the parser that verifiers of
 * ours use, so that it means to both the same. */
#include "role/keys/mail_block.h"

#include <string.h>

#include "trust/sender/dkim_field.h"

enum {
	FIELD_MAX = 32 * 1024, /* what dkim_sign.c writes at most */
	ARENA = 64 * 1024
};

#define FILLER "AAAA"

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

/* Where the value of an empty b= would stand; 0: there is none. */
static size_t find_empty(struct view body)
{
	static const struct view tag = {"b=", 2};
	for (size_t i = 1; i + tag.len <= body.len; i++)
		if ((body.data[i - 1] == ' ' || body.data[i - 1] == ';') &&
		    view_starts(view_skip(body, i), tag) &&
		    (i + tag.len == body.len || body.data[i + tag.len] == ';'))
			return i + tag.len;
	return 0;
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
	struct view body = view_skip(line, (size_t)colon + 1);
	size_t at = find_empty(body);
	if (at == 0)
		return false;
	struct dkim_field field;
	struct arena arena;
	struct buf whole;
	buf_init(&whole, FIELD_MAX + 8);
	arena_init(&arena, ARENA);
	/* A field without its signature is none to the parser: one stands in for it. */
	buf_append(&whole, view_take(body, at));
	buf_append_string(&whole, FILLER);
	buf_append(&whole, view_skip(body, at));
	dkim_field_parse(kind, buf_view(&whole), &arena, &field);
	bool good = !buf_failed(&whole) && view_equal(field.text, VIEW(FILLER)) &&
	            is_of(&field, domain, selector, algorithm);
	arena_done(&arena);
	buf_done(&whole);
	return good;
}
