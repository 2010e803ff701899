/* RETURN of SEARCH, SORT and ESEARCH: RFC 9051 section 6.4.4, RFC 5182, RFC 5267, RFC 6203, RFC 9394. */
#include "imap/imap_search.h"

static const struct {
	const char *name;
	unsigned option;
} options[] = {
    {"MIN", IMAP_RETURN_MIN},
    {"MAX", IMAP_RETURN_MAX},
    {"ALL", IMAP_RETURN_ALL},
    {"COUNT", IMAP_RETURN_COUNT},
    {"SAVE", IMAP_RETURN_SAVE},
    {"PARTIAL", IMAP_RETURN_PARTIAL},
    {"RELEVANCY", IMAP_RETURN_RELEVANCY},
    {"UPDATE", IMAP_RETURN_UPDATE},
    {"CONTEXT", IMAP_RETURN_CONTEXT},
};

/* partial-range: "1:500" or, from the end, "-1:-100". Either end may come first (RFC 9394 section 3.1). */
static bool partial(struct imap_in *in, struct imap_return *returns)
{
	uint32_t a, b;

	if (!imap_in_space(in))
		return false;
	returns->from_end = imap_in_take(in, '-');
	if (!imap_in_number(in, &a) || !imap_in_char(in, ':'))
		return false;
	if (imap_in_take(in, '-') != returns->from_end)
		imap_in_wrong(in, "both ends of a range count from the same end");
	if (!imap_in_number(in, &b))
		return false;
	if (a == 0 || b == 0)
		imap_in_wrong(in, "results are counted from 1");
	returns->from = a < b ? a : b;
	returns->to = a < b ? b : a;
	return !in->wrong;
}

static bool one_option(struct imap_in *in, unsigned allowed, struct imap_return *returns)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		unsigned option = options[i].option;

		if (!(option & allowed) || !imap_in_word(in, options[i].name))
			continue;
		if (option == IMAP_RETURN_PARTIAL && returns->options & IMAP_RETURN_PARTIAL)
			imap_in_wrong(in, "PARTIAL is asked for once");
		returns->options |= option;
		return option == IMAP_RETURN_PARTIAL ? partial(in, returns) : !in->wrong;
	}
	imap_in_wrong(in, "there is no such result option");
	return false;
}

bool imap_in_returns(struct imap_in *in, unsigned allowed, struct imap_return *returns)
{
	if (!imap_in_word(in, "RETURN"))
		return !in->wrong;
	returns->options |= IMAP_RETURN_GIVEN;
	if (!imap_in_space(in) || !imap_in_char(in, '('))
		return false;
	while (!imap_in_take(in, ')')) {
		if (!one_option(in, allowed, returns))
			return false;
		if (!imap_in_next_is(in, ')') && !imap_in_space(in))
			return false;
	}
	/* RFC 9394 section 3.1, RFC 5267 section 4.4 */
	if (returns->options & IMAP_RETURN_PARTIAL && returns->options & IMAP_RETURN_ALL)
		imap_in_wrong(in, "ALL and PARTIAL exclude each other");
	if (!(returns->options & ~(unsigned)(IMAP_RETURN_GIVEN | IMAP_RETURN_RELEVANCY)))
		returns->options |= IMAP_RETURN_ALL;
	return imap_in_space(in);
}

void imap_put_partial(struct imap_session *s, const struct imap_return *returns)
{
	imap_puts(s, " PARTIAL (");
	imap_putf(
	    s, returns->from_end ? "-%u:-%u " : "%u:%u ", (unsigned)returns->from, (unsigned)returns->to);
}

void imap_partial(const struct imap_return *returns, size_t count, size_t *from, size_t *until)
{
	size_t first = returns->from - 1, end = returns->to;

	if (first > count)
		first = count;
	if (end > count)
		end = count;
	*from = returns->from_end ? count - end : first;
	*until = returns->from_end ? count - first : end;
}
