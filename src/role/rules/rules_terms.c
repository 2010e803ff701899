/* What the envelope and the verdicts say of a message, as scripts may ask for it: RFC 6009, RFC 5235. */
#include "role/rules/rules_private.h"

#include "format/outcome.h"

static int digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* RFC 3461 section 4: "+" and two digits stand for an octet. */
static struct view decode_xtext(struct arena *arena, struct view xtext)
{
	char *text = arena_alloc(arena, xtext.len + 1);
	size_t len = 0;

	if (text == NULL)
		return (struct view){0};
	for (size_t i = 0; i < xtext.len; i++) {
		bool escaped = xtext.data[i] == '+' && i + 2 < xtext.len && digit(xtext.data[i + 1]) >= 0 &&
		               digit(xtext.data[i + 2]) >= 0;

		text[len++] = escaped ? (char)(digit(xtext.data[i + 1]) * 16 + digit(xtext.data[i + 2]))
		                      : xtext.data[i];
		i += escaped ? 2 : 0;
	}
	return view_of(text, len);
}

static struct view notify_text(struct arena *arena, uint64_t notify)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} conditions[] = {{NOTIFY_NEVER, "NEVER"}, {NOTIFY_SUCCESS, "SUCCESS"}, {NOTIFY_FAILURE, "FAILURE"},
	    {NOTIFY_DELAY, "DELAY"}};
	struct view kept = {0};
	struct buf text;

	buf_init(&text, 100);
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (notify & conditions[i].bit)
			buf_printf(&text, "%s%s", buf_view(&text).len ? "," : "", conditions[i].name);
	if (!arena_copy(arena, buf_view(&text), &kept))
		kept = (struct view){0};
	buf_done(&text);
	return kept;
}

void rules_terms(const struct message_rules_run *m, struct arena *arena, struct sieve_terms *terms)
{
	*terms = (struct sieve_terms){.notify = notify_text(arena, m->notify),
	    .orcpt = decode_xtext(arena, m->orcpt),
	    .envid = decode_xtext(arena, m->terms.envid),
	    .ret = mail_ret_text(m->terms.ret),
	    .has_by = m->terms.by_mode != SMTP_BY_NONE,
	    .by_time = m->terms.by_time,
	    .by_mode = m->terms.by_mode == SMTP_BY_RETURN ? 'R' : 'N',
	    .by_trace = m->terms.by_trace != 0};
}

enum sieve_answer rules_verdict(const struct message_rules_run *m, bool spam, struct view *value)
{
	/* The least certainty of each value of spamtest: so many tenthousandths. */
	static const char *const spams[] = {
	    "0", "1112", "2223", "3334", "4445", "5556", "6667", "7778", "8889", "10000"};
	static const char *const viruses[] = {"1", "2", "3", "4", "5"};
	uint64_t known = spam ? m->spam : m->virus;

	if (known == 0 || known > (spam ? sizeof spams / sizeof *spams : sizeof viruses / sizeof *viruses))
		return SIEVE_NO;
	*value = view_from_string(spam ? spams[known - 1] : viruses[known - 1]);
	return SIEVE_YES;
}
