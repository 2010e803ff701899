/*
 * Messages with signatures and chains: DKIM and ARC come to an end and to the same verdicts however the
 * message is cut. The zone has one key for all names, that of the seeds. The
 * first byte is the size of pieces.
 */
#include "fuzz.h"

#include <string.h>

#include "trust/sender/arc.h"
#include "trust/sender/sender_results_make.h"
#include "trust/sender/sender_words.h"
#include "trust/sender/signature_words.h"

enum { NOW = 1600000000 };

static void answer(struct answers *answers)
{
	static const char record[] =
	    "\x46v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=    ";
	struct question q;
	struct view view = view_of(record, sizeof record - 1);
	while (answers_next(answers, &q)) {
		struct answer a = {.status = ANSWER_GOOD, .records = &view, .count = 1};
		answers_put(answers, q.number, &a);
	}
}

struct outcome {
	enum sender_result dkim, arc;
	enum dkim_cause causes[DKIM_SIGNATURES_MAX];
	enum arc_cause cause;
	size_t count, fields;
	bool malformed;
};

static void say(struct dkim *dkim, struct arc *arc)
{
	struct buf words;
	buf_init(&words, 1 << 16);
	for (size_t i = 0; i < dkim->count; i++) {
		struct sender_signature s;
		sender_results_take_signature(&dkim->verdicts[i], &s);
		check(signature_explain(&s, &words) == 0);
	}
	struct sender_results r = {0};
	sender_results_take_arc(arc, &r);
	check(sender_explain_arc(&r, &words) == 0);
	buf_done(&words);
}

static void judge(struct view message, size_t piece, struct outcome *out)
{
	struct dkim_mail mail;
	struct answers answers;
	static struct dkim dkim;
	static struct arc arc;
	size_t at = 0;
	dkim_mail_init(&mail);
	answers_init(&answers);
	while (at < message.len && !mail.header_ended)
		at += dkim_mail_header(&mail, view_take(view_skip(message, at), piece));
	dkim_mail_header_end(&mail);
	dkim_begin(&dkim, &mail, NOW);
	arc_begin(&arc, &mail, NOW);
	for (; at < message.len; at += piece)
		dkim_mail_body(&mail, view_take(view_skip(message, at), piece));
	dkim_mail_end(&mail);
	int rounds = 0;
	for (bool known = false; !known; rounds++) {
		known = dkim_judge(&dkim, &answers);
		known = arc_judge(&arc, &answers) && known;
		answer(&answers);
	}
	check(rounds <= 2);
	*out = (struct outcome){.dkim = dkim_result(&dkim),
	    .arc = arc.verdict.result,
	    .cause = arc.verdict.cause,
	    .count = dkim.count,
	    .fields = mail.header.count,
	    .malformed = mail.header.malformed};
	for (size_t i = 0; i < dkim.count; i++)
		out->causes[i] = dkim.verdicts[i].cause;
	say(&dkim, &arc);
	dkim_done(&dkim);
	arc_done(&arc);
	answers_done(&answers);
	dkim_mail_done(&mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct view message = view_of(data + 1, size - 1);
	static struct outcome whole, pieces;
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	judge(message, message.len + 1, &whole);
	judge(message, 1 + data[0] % 40, &pieces);
	check(whole.dkim == pieces.dkim && whole.arc == pieces.arc && whole.cause == pieces.cause &&
	      whole.count == pieces.count && whole.fields == pieces.fields &&
	      whole.malformed == pieces.malformed);
	check(memcmp(whole.causes, pieces.causes, sizeof whole.causes) == 0);
	check(!whole.malformed || (whole.dkim != SENDER_PASS && whole.arc != SENDER_PASS));
	return 0;
}
