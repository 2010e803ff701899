/* Making signatures: RFC 6376 section 5. What was written is read again by the verifier's own parser, so that
 * both have one opinion of what a block is. */
#include "trust/sender/dkim_sign.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "format/limits.h"
#include "trust/sender/dkim_block.h"

enum {
	FIELD_MAX = 32 * 1024,        /* DKIM_NAMES_MAX names of 50 octets, and the rest */
	COLUMN_MAX = LINE_FOLD_AT - 1 /* a ";" or ":" goes behind what fits */
};

/* With a space: dkimpy looks for " i=1;" in a message signature of ARC, and ends where it finds a tab before
 * it. */
#define FOLD "\r\n "

void dkim_draft_init(struct dkim_draft *draft)
{
	*draft = (struct dkim_draft){0};
	buf_init(&draft->field, FIELD_MAX);
	buf_init(&draft->block, DKIM_BLOCK_MAX);
}

void dkim_draft_done(struct dkim_draft *draft)
{
	buf_done(&draft->field);
	buf_done(&draft->block);
}

/* ---- which fields: section 5.4.1 ---- */

/*
 * `over`: named once more than it stands. Not Sender, Resent-* and List-*, which forwarders and lists add to
 * a message that they leave as it is; not Message-ID and references, which name it and show nobody anything.
 */
static const struct {
	const char *name;
	bool over;
} wanted[] = {
    {"From", true},
    {"Subject", true},
    {"Date", true},
    {"To", true},
    {"Cc", true},
    {"Reply-To", true},
    {"MIME-Version", true},
    {"Content-Type", true},
    {"Content-Transfer-Encoding", true},
    {"Sender", false},
    {"Message-ID", false},
    {"In-Reply-To", false},
    {"References", false},
    {"Auto-Submitted", false},
    {"Disposition-Notification-To", false},
    {"Content-Language", false},
    {"Resent-Date", false},
    {"Resent-From", false},
    {"Resent-Sender", false},
    {"Resent-To", false},
    {"Resent-Cc", false},
    {"Resent-Message-ID", false},
    {"List-Id", false},
    {"List-Help", false},
    {"List-Unsubscribe", false},
    {"List-Unsubscribe-Post", false}, /* RFC 8058 section 4 demands both */
    {"List-Subscribe", false},
    {"List-Post", false},
    {"List-Owner", false},
    {"List-Archive", false},
    {"Feedback-ID", false},
};

int dkim_sign_names(const struct dkim_header *h, struct buf *out)
{
	size_t total = 0;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		size_t count = dkim_header_count(h, view_from_string(wanted[i].name)) + wanted[i].over;
		total += count;
		if (total > DKIM_NAMES_MAX)
			return -E2BIG;
		for (; count > 0; count--) {
			if (out->len > 0)
				buf_append_byte(out, ':');
			buf_append_string(out, wanted[i].name);
		}
	}
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* ---- writing a field ---- */

static size_t column(const struct buf *b)
{
	struct view text = buf_view(b);
	ptrdiff_t lf = view_find_last(text, '\n');
	return text.len - (size_t)(lf + 1);
}

void dkim_draft_begin(struct dkim_draft *draft, const char *name)
{
	buf_clear(&draft->field);
	buf_clear(&draft->block);
	buf_printf(&draft->field, "%s:", name);
}

/* A list that does not fit on a line of its own. */
static void put_list(struct buf *field, struct view value)
{
	struct view entry;
	bool more = tag_entry_next(&value, &entry);
	while (more) {
		struct view this = entry;
		more = tag_entry_next(&value, &entry);
		if (column(field) + this.len > COLUMN_MAX)
			buf_append_string(field, FOLD);
		buf_append(field, this);
		buf_append_string(field, more ? ":" : "");
	}
}

void dkim_draft_tag(struct dkim_draft *draft, const char *name, struct view value, const char *end)
{
	struct buf *field = &draft->field;
	size_t len = strlen(name) + 1 + value.len;
	buf_append_string(field, column(field) + 1 + len > COLUMN_MAX ? FOLD : " ");
	buf_append_string(field, name);
	buf_append_byte(field, '=');
	if (strcmp(name, "b") == 0)
		draft->at = field->len;
	if (column(field) + value.len > COLUMN_MAX)
		put_list(field, value);
	else
		buf_append(field, value);
	buf_append_string(field, end);
}

void dkim_draft_number(struct dkim_draft *draft, const char *name, int64_t value, const char *end)
{
	struct buf digits;
	buf_init(&digits, 32);
	buf_printf(&digits, "%lld", (long long)value);
	dkim_draft_tag(draft, name, buf_view(&digits), end);
	buf_done(&digits);
}

/* The field as its reader would see it, but for b=, which stands in for a signature while it is read. */
static int read_back(struct dkim_draft *draft, enum dkim_field_kind kind, struct arena *arena,
    struct dkim_header_field *own, struct dkim_field *parsed)
{
	struct view text = buf_view(&draft->field), body;
	size_t colon = (size_t)view_find(text, ':');
	struct buf filled;
	buf_init(&filled, FIELD_MAX + 8);
	body = view_take(view_skip(text, colon + 1), text.len - colon - 3);
	buf_append(&filled, view_take(body, draft->at - colon - 1));
	buf_append_string(&filled, "AAAA");
	buf_append(&filled, view_skip(body, draft->at - colon - 1));
	struct view kept = {0};
	bool good = !buf_failed(&filled) && arena_copy(arena, buf_view(&filled), &kept);
	buf_done(&filled);
	if (!good)
		return -ENOMEM;
	dkim_field_parse(kind, kept, arena, parsed);
	*own = (struct dkim_header_field){.whole = text, .name = view_take(text, colon), .body = body};
	parsed->cut = view_of(text.data + draft->at, 0);
	if (parsed->fault == DKIM_FIELD_MEMORY)
		return -ENOMEM;
	return parsed->fault == DKIM_FIELD_GOOD ? 0 : -EINVAL;
}

int dkim_draft_end(struct dkim_draft *draft, enum dkim_field_kind kind, struct dkim_header *h)
{
	struct dkim_header_field own;
	struct dkim_field parsed;
	struct arena arena;
	buf_append_string(&draft->field, "\r\n");
	if (buf_failed(&draft->field))
		return -ENOMEM;
	arena_init(&arena, 4 * FIELD_MAX);
	int error = read_back(draft, kind, &arena, &own, &parsed);
	if (error == 0 && kind == ARC_SEAL)
		error = dkim_header_write_cut(&own, parsed.cut, DKIM_RELAXED, &draft->block);
	else if (error == 0)
		error = dkim_block_write(h, &own, &parsed, &draft->block);
	arena_done(&arena);
	return error ? error : buf_failed(&draft->block) ? -ENOMEM : 0;
}

int dkim_draft_finish(const struct dkim_draft *draft, struct view signature, struct buf *out)
{
	struct buf text;
	struct view field = buf_view(&draft->field), rest;
	buf_init(&text, 2 * DKIM_SIGNATURE_MAX);
	base64_encode(&text, signature);
	struct buf head = {0};
	buf_init(&head, FIELD_MAX);
	buf_append(&head, view_take(field, draft->at));
	size_t at = column(&head);
	buf_done(&head);
	buf_append(out, view_take(field, draft->at));
	for (rest = buf_view(&text); rest.len;) {
		size_t take = at < COLUMN_MAX ? COLUMN_MAX - at : 0;
		take = take < rest.len ? take : rest.len;
		buf_append(out, view_take(rest, take));
		rest = view_skip(rest, take);
		if (rest.len)
			buf_append_string(out, FOLD);
		at = 1;
	}
	buf_append(out, view_skip(field, draft->at));
	bool failed = buf_failed(&text) || buf_failed(out);
	buf_done(&text);
	return failed ? -ENOBUFS : 0;
}

/* ---- signing ---- */

struct view dkim_algorithm_name(enum dkim_algorithm algorithm)
{
	return algorithm == DKIM_ED25519_SHA256 ? VIEW("ed25519-sha256") : VIEW("rsa-sha256");
}

int dkim_sign_begin(struct dkim_mail *m)
{
	return dkim_body_want(&m->body, DKIM_RELAXED, DKIM_WHOLE);
}

static void write_field(
    struct dkim_draft *draft, const struct dkim_signer *s, struct view names, struct view hash)
{
	dkim_draft_begin(draft, "DKIM-Signature");
	dkim_draft_tag(draft, "v", VIEW("1"), ";");
	dkim_draft_tag(draft, "a", dkim_algorithm_name(s->algorithm), ";");
	dkim_draft_tag(draft, "c", VIEW("relaxed/relaxed"), ";");
	dkim_draft_tag(draft, "d", view_from_string(s->domain), ";");
	dkim_draft_tag(draft, "s", view_from_string(s->selector), ";");
	if (s->signed_at != DKIM_NO_TIME)
		dkim_draft_number(draft, "t", s->signed_at, ";");
	if (s->expires != DKIM_NO_TIME)
		dkim_draft_number(draft, "x", s->expires, ";");
	dkim_draft_tag(draft, "h", names, ";");
	dkim_draft_tag(draft, "bh", hash, ";");
	dkim_draft_tag(draft, "b", VIEW(""), "");
}

int dkim_sign(struct dkim_mail *m, const struct dkim_signer *signer, struct dkim_draft *out)
{
	const unsigned char *digest = dkim_body_digest(&m->body, DKIM_RELAXED, DKIM_WHOLE);
	struct buf names, hash;
	if (m->error)
		return m->error;
	if (m->header.malformed || dkim_header_count(&m->header, VIEW("From")) == 0)
		return -EINVAL;
	if (digest == NULL)
		return -ENOMEM;
	buf_init(&names, FIELD_MAX);
	buf_init(&hash, 64);
	int error =
	    signer->names.len ? buf_append(&names, signer->names) : dkim_sign_names(&m->header, &names);
	if (error == 0)
		error = base64_encode(&hash, view_of(digest, DKIM_HASH_SIZE));
	if (error == 0) {
		write_field(out, signer, buf_view(&names), buf_view(&hash));
		error = dkim_draft_end(out, DKIM_SIGNATURE, &m->header);
	}
	buf_done(&names);
	buf_done(&hash);
	return error == -ENOBUFS ? -ENOMEM : error;
}
