/* What a message has of a signature: the part that is signed as its signer saw it, and the signature. */
#include <errno.h>
#include <string.h>

#include "mime/signed_part.h"
#include "smime/smime_private.h"

static struct view part_bytes(const struct mime_part *part, struct view message)
{
	return view_take(view_skip(message, (size_t)part->header_offset),
	    (size_t)(part->body_offset - part->header_offset + part->body_len));
}

/* ---- the canonical form ---- */

static bool is_bare(struct view text, size_t at)
{
	return text.data[at] == '\n' && (at == 0 || text.data[at - 1] != '\r');
}

static size_t count_bare(struct view text)
{
	size_t count = 0;
	for (size_t i = 0; i < text.len; i++)
		count += is_bare(text, i);
	return count;
}

/* Mail that was imported may have line ends of LF alone: what was signed had CRLF. */
static int make_canonical(struct view text, struct smime_found *found)
{
	size_t bare = count_bare(text), from = 0;
	found->text = text;
	if (bare == 0)
		return 0;
	buf_init(&found->canonical, text.len + bare);
	for (size_t i = 0; i < text.len; i++) {
		if (!is_bare(text, i))
			continue;
		buf_append(&found->canonical, view_take(view_skip(text, from), i - from));
		buf_append(&found->canonical, VIEW("\r\n"));
		from = i + 1;
	}
	buf_append(&found->canonical, view_skip(text, from));
	found->text = buf_view(&found->canonical);
	return buf_failed(&found->canonical) ? -ENOMEM : 0;
}

/* ---- the signature ---- */

static int decode(const struct mime_part *part, struct view message, size_t max, struct smime_found *found)
{
	buf_init(&found->cms, max);
	int error = mime_decode_body(part, message, false, &found->cms, NULL);
	if (error == -ENOBUFS) {
		found->problems |= SMIME_TOO_MUCH;
		buf_clear(&found->cms);
		return 0;
	}
	return error;
}

/* RFC 1847 section 2.1: two parts, what is signed and the signature. */
static int find_detached(
    const struct mime_tree *tree, size_t index, struct view message, struct smime_found *found)
{
	struct view protocol = parameter_find(&tree->parts[index].type.parameters, VIEW("protocol"));
	bool is_ours = view_equal_nocase(protocol, VIEW("application/pkcs7-signature")) ||
	               view_equal_nocase(protocol, VIEW("application/x-pkcs7-signature"));
	int text = mime_first_child(tree, index);
	int signature = text < 0 ? -1 : mime_next_sibling(tree, (size_t)text);
	bool is_cms = signature >= 0 && mime_part_is_cms_signature(&tree->parts[signature]);
	if (!is_ours && !is_cms) {
		found->status = SMIME_UNKNOWN;
		return 0;
	}
	found->status = SMIME_SIGNED;
	found->detached = true;
	if (!is_cms || mime_next_sibling(tree, (size_t)signature) >= 0) {
		found->problems |= SMIME_MALFORMED;
		return 0;
	}
	int error = decode(&tree->parts[signature], message, SMIME_SIGNATURE_MAX, found);
	return error ? error : make_canonical(part_bytes(&tree->parts[text], message), found);
}

static int find(const struct mime_tree *tree, struct view message, struct smime_found *found)
{
	int index = mime_signed_part(tree);
	if (index < 0)
		return 0;
	const struct mime_part *part = &tree->parts[index];
	if (index > 0)
		found->problems |= SMIME_PARTLY;
	if (!mime_part_is_cms(part))
		return find_detached(tree, (size_t)index, message, found);
	found->status = SMIME_SIGNED;
	return decode(part, message, message.len, found);
}

int smime_find(struct view message, struct smime_found *found)
{
	struct mime_parser *parser = mime_parser_new();
	const struct mime_tree *tree = mime_parse(parser, message);
	*found = (struct smime_found){.status = SMIME_NONE};
	found->header = view_take(message, (size_t)tree->parts[0].body_offset);
	int error = find(tree, message, found);
	mime_parser_free(parser);
	return error;
}

void smime_found_done(struct smime_found *found)
{
	buf_done(&found->canonical);
	buf_done(&found->cms);
}
