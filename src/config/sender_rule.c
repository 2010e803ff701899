/* Words and lines: see sender_rule.h. */
#include "config/sender_rule.h"

#include <errno.h>

#include "base/utf8.h"
#include "config/route.h"

static bool parse_word(struct view word, const char *strictest, enum rule_wish *out)
{
	if (view_equal(word, view_from_string(strictest)))
		*out = RULE_FOLLOW;
	else if (view_equal(word, VIEW("mark")))
		*out = RULE_MARK;
	else if (view_equal(word, VIEW("off")))
		*out = RULE_OFF;
	else
		return false;
	return true;
}

bool dmarc_policy_parse(struct view word, enum rule_wish *out)
{
	return parse_word(word, "follow", out);
}

bool own_domains_parse(struct view word, enum rule_wish *out)
{
	return parse_word(word, "refuse", out);
}

static struct view next_word(struct view *line)
{
	struct view word = {0};
	*line = view_trim(*line);
	if (line->len > 0)
		view_next(line, ' ', &word);
	return word;
}

int sender_rule_parse(struct view line, struct sender_rule *out, const char **problem)
{
	struct sender_rule rule = {0};
	struct view which = next_word(&line), wish;
	rule.domain = next_word(&line);
	wish = next_word(&line);
	rule.from = view_equal(which, VIEW("from"));
	if ((!rule.from && !view_equal(which, VIEW("to"))) || !dmarc_policy_parse(wish, &rule.wish) ||
	    view_trim(line).len > 0) {
		*problem = "an exception is \"from DOMAIN follow|mark|off\" or \"to DOMAIN follow|mark|off\"";
		return -EINVAL;
	}
	if (!utf8_is_ascii(rule.domain)) {
		*problem = "write the domain as it stands in the DNS (xn--...)";
		return -EINVAL;
	}
	*out = rule;
	return 0;
}

enum rule_wish sender_rules_find(
    struct view lines, struct view author, struct view recipient, enum rule_wish otherwise)
{
	size_t best[2] = {0}; /* of recipients, of authors */
	enum rule_wish wish[2] = {otherwise, otherwise};
	struct view line;
	struct sender_rule rule;
	const char *problem;
	while (lines.len > 0 && view_next(&lines, '\n', &line)) {
		if (sender_rule_parse(line, &rule, &problem) != 0)
			continue; /* refused when the configuration was read */
		size_t fits = route_match(rule.domain, rule.from ? author : recipient);
		if (fits > best[rule.from]) {
			best[rule.from] = fits;
			wish[rule.from] = rule.wish;
		}
	}
	return best[true] ? wish[true] : wish[false];
}
