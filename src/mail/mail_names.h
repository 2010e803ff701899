/*
 * The names of keywords that a session has been told, by account and number: as MAIL_KEYWORDS (mail.h) brings
 * them, before the first answer in which their numbers occur. A name comes from the account's data and is
 * trusted for no more than its length.
 */
#ifndef MAIL_MAIL_NAMES_H
#define MAIL_MAIL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"
#include "mail/mail.h"

/* All zero: nothing is known. The session owns it. */
struct mail_names {
	struct mail_names_of *accounts;
	size_t count;
};

/*
 * Takes names over; they replace what is known of their numbers. Without memory, behind what is no entry, and
 * of a name that would break the line it is written in (a space, or what is not printable ASCII), nothing
 * becomes known. Of an account at most 1 MB of names is kept.
 */
void mail_names_take(struct mail_names *names, const struct mail_keywords *keywords);

/* The name; empty: unknown. It lives until the next mail_names_take or mail_names_done. */
struct view mail_names_get(const struct mail_names *names, uint64_t account, uint32_t number);

/* One above the highest number that may have a name. */
uint32_t mail_names_count(const struct mail_names *names, uint64_t account);

/* Whether a keyword has this name, whatever the case of its letters (RFC 3501 section 2.3.2, RFC 8621
 * section 4.1.1), and its number. */
bool mail_names_find(const struct mail_names *names, uint64_t account, struct view name, uint32_t *number);

void mail_names_done(struct mail_names *names);

#endif
