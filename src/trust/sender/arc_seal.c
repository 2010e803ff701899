/*
 * Making an ARC set: RFC 8617 sections 5.1 and 5.1.1. Tags stand in the order of their names, as in the
 * examples of others; the order has no meaning.
 */
#include "trust/sender/arc_seal.h"

#include <errno.h>

#include "base/base64.h"

int arc_seal_instance(const struct arc *a)
{
	if (a->verdict.result == SENDER_TEMPERROR || !a->judged)
		return -EAGAIN;
	if (a->verdict.cause == ARC_BROKEN_BEFORE)
		return -EALREADY;
	return a->count == ARC_SETS_MAX ? -E2BIG : (int)a->count + 1;
}

int arc_seal_results(const struct arc *a, const char *authserv_id, struct view results, struct buf *out)
{
	int instance = arc_seal_instance(a);
	if (instance < 0)
		return instance;
	buf_printf(out, "ARC-Authentication-Results: i=%d; %s;\r\n\t", instance, authserv_id);
	buf_append(out, view_trim(results));
	return buf_append_string(out, "\r\n");
}

static int write_names(const struct dkim_signer *signer, const struct dkim_header *h, struct buf *names)
{
	if (signer->names.len)
		return buf_append(names, signer->names);
	int error = dkim_sign_names(h, names);
	for (size_t i = dkim_header_count(h, VIEW("DKIM-Signature")); i > 0 && error == 0; i--)
		error = buf_append_string(names, ":DKIM-Signature");
	return error;
}

static void write_message(
    struct dkim_draft *draft, int instance, const struct dkim_signer *s, struct view names, struct view hash)
{
	dkim_draft_begin(draft, "ARC-Message-Signature");
	dkim_draft_tag(draft, "a", dkim_algorithm_name(s->algorithm), ";");
	dkim_draft_tag(draft, "b", VIEW(""), ";");
	dkim_draft_tag(draft, "bh", hash, ";");
	dkim_draft_tag(draft, "c", VIEW("relaxed/relaxed"), ";");
	dkim_draft_tag(draft, "d", view_from_string(s->domain), ";");
	dkim_draft_tag(draft, "h", names, ";");
	dkim_draft_number(draft, "i", instance, ";");
	dkim_draft_tag(draft, "s", view_from_string(s->selector), s->signed_at == DKIM_NO_TIME ? "" : ";");
	if (s->signed_at != DKIM_NO_TIME)
		dkim_draft_number(draft, "t", s->signed_at, "");
}

int arc_seal_message(
    const struct arc *a, struct dkim_mail *mail, const struct dkim_signer *signer, struct dkim_draft *out)
{
	const unsigned char *digest = dkim_body_digest(&mail->body, DKIM_RELAXED, DKIM_WHOLE);
	int instance = arc_seal_instance(a);
	struct buf names, hash;
	if (instance < 0 || mail->error)
		return instance < 0 ? instance : mail->error;
	if (mail->header.malformed || dkim_header_count(&mail->header, VIEW("From")) == 0)
		return -EINVAL;
	if (digest == NULL)
		return -ENOMEM;
	buf_init(&names, DKIM_HEADER_MAX);
	buf_init(&hash, 64);
	int error = write_names(signer, &mail->header, &names);
	if (error == 0)
		error = base64_encode(&hash, view_of(digest, DKIM_HASH_SIZE));
	if (error == 0) {
		write_message(out, instance, signer, buf_view(&names), buf_view(&hash));
		error = dkim_draft_end(out, ARC_MESSAGE_SIGNATURE, &mail->header);
	}
	buf_done(&names);
	buf_done(&hash);
	return error == -ENOBUFS ? -ENOMEM : error;
}

static struct view cv_of(const struct arc *a)
{
	switch (a->verdict.result) {
	case SENDER_NONE:
		return VIEW("none");
	case SENDER_PASS:
		return VIEW("pass");
	default:
		return VIEW("fail");
	}
}

/* A field that was written here, as a seal signs it. */
static int append_own(struct dkim_draft *draft, struct view field)
{
	struct dkim_header h;
	int error = dkim_header_read(&h, field);
	if (error == 0 && (h.count != 1 || h.malformed))
		error = -EINVAL;
	if (error == 0)
		error = dkim_header_write(&h.fields[0], DKIM_RELAXED, &draft->block);
	dkim_header_done(&h);
	return error;
}

int arc_seal_chain(const struct arc *a, const struct dkim_signer *signer, struct view results,
    struct view signature, struct dkim_draft *out)
{
	int instance = arc_seal_instance(a);
	if (instance < 0)
		return instance;
	dkim_draft_begin(out, "ARC-Seal");
	dkim_draft_tag(out, "a", dkim_algorithm_name(signer->algorithm), ";");
	dkim_draft_tag(out, "b", VIEW(""), ";");
	dkim_draft_tag(out, "cv", cv_of(a), ";");
	dkim_draft_tag(out, "d", view_from_string(signer->domain), ";");
	dkim_draft_number(out, "i", instance, ";");
	dkim_draft_tag(
	    out, "s", view_from_string(signer->selector), signer->signed_at == DKIM_NO_TIME ? "" : ";");
	if (signer->signed_at != DKIM_NO_TIME)
		dkim_draft_number(out, "t", signer->signed_at, "");
	/* A chain that is broken cannot be sealed whole: the seal covers its own set alone (section 5.1.2).
	 */
	int error = a->verdict.result == SENDER_PASS ? arc_write_sets(a, a->count, &out->block) : 0;
	if (error == 0)
		error = append_own(out, results);
	if (error == 0)
		error = append_own(out, signature);
	return error ? error : dkim_draft_end(out, ARC_SEAL, NULL);
}
