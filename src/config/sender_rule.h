/* The settings that say how far what other domains want done with unproven mail is followed: words and lines,
 * read here for smtp and for `postrider config check`. */
#ifndef CONFIG_SENDER_RULE_H
#define CONFIG_SENDER_RULE_H

#include "base/view.h"

/* "follow", "mark" and "off" of dmarc_policy; "refuse", "mark" and "off" of own_domains. */
enum rule_wish { RULE_FOLLOW, RULE_MARK, RULE_OFF };

/* False: it is no such word. */
bool dmarc_policy_parse(struct view word, enum rule_wish *out);
bool own_domains_parse(struct view word, enum rule_wish *out);

/* A line of dmarc_exceptions: "from|to DOMAIN follow|mark|off". */
struct sender_rule {
	bool from;          /* of mail from this domain; else of mail for it */
	struct view domain; /* as in a route: "*", ".example.org" or a domain */
	enum rule_wish wish;
};

/* 0, or -EINVAL with *problem naming what is wrong with the line (a constant). */
int sender_rule_parse(struct view line, struct sender_rule *out, const char **problem);

/*
 * The wish for mail from an author's domain for a recipient's, both in lower-case A-labels: of the lines the
 * one that fits the author best, else the recipient; else `otherwise`.
 */
enum rule_wish sender_rules_find(
    struct view lines, struct view author, struct view recipient, enum rule_wish otherwise);

#endif
