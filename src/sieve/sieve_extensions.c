/* The names of what scripts may require, and which names are near one another. */
#include "sieve/sieve_words.h"

#include <string.h>

static const char *const extensions[SIEVE_EXTENSIONS] = {
    [SIEVE_X_BODY] = "body",
    [SIEVE_X_COMPARATOR_ASCII_CASEMAP] = "comparator-i;ascii-casemap",
    [SIEVE_X_COMPARATOR_NUMERIC] = "comparator-i;ascii-numeric",
    [SIEVE_X_COMPARATOR_OCTET] = "comparator-i;octet",
    [SIEVE_X_COMPARATOR_UNICODE] = "comparator-i;unicode-casemap",
    [SIEVE_X_COPY] = "copy",
    [SIEVE_X_DATE] = "date",
    [SIEVE_X_DUPLICATE] = "duplicate",
    [SIEVE_X_EDITHEADER] = "editheader",
    [SIEVE_X_ENCLOSE] = "enclose",
    [SIEVE_X_ENCODED_CHARACTER] = "encoded-character",
    [SIEVE_X_ENOTIFY] = "enotify",
    [SIEVE_X_ENVELOPE] = "envelope",
    [SIEVE_X_ENVELOPE_DELIVERBY] = "envelope-deliverby",
    [SIEVE_X_ENVELOPE_DSN] = "envelope-dsn",
    [SIEVE_X_ENVIRONMENT] = "environment",
    [SIEVE_X_EREJECT] = "ereject",
    [SIEVE_X_EXTLISTS] = "extlists",
    [SIEVE_X_EXTRACTTEXT] = "extracttext",
    [SIEVE_X_FCC] = "fcc",
    [SIEVE_X_FILEINTO] = "fileinto",
    [SIEVE_X_FOREVERYPART] = "foreverypart",
    [SIEVE_X_IHAVE] = "ihave",
    [SIEVE_X_IMAP4FLAGS] = "imap4flags",
    [SIEVE_X_IMAPSIEVE] = "imapsieve",
    [SIEVE_X_INCLUDE] = "include",
    [SIEVE_X_INDEX] = "index",
    [SIEVE_X_MAILBOX] = "mailbox",
    [SIEVE_X_MAILBOXID] = "mailboxid",
    [SIEVE_X_MBOXMETADATA] = "mboxmetadata",
    [SIEVE_X_MIME] = "mime",
    [SIEVE_X_REDIRECT_DELIVERBY] = "redirect-deliverby",
    [SIEVE_X_REDIRECT_DSN] = "redirect-dsn",
    [SIEVE_X_REGEX] = "regex",
    [SIEVE_X_REJECT] = "reject",
    [SIEVE_X_RELATIONAL] = "relational",
    [SIEVE_X_REPLACE] = "replace",
    [SIEVE_X_SERVERMETADATA] = "servermetadata",
    [SIEVE_X_SPAMTEST] = "spamtest",
    [SIEVE_X_SPAMTESTPLUS] = "spamtestplus",
    [SIEVE_X_SPECIAL_USE] = "special-use",
    [SIEVE_X_SUBADDRESS] = "subaddress",
    [SIEVE_X_VACATION] = "vacation",
    [SIEVE_X_VACATION_SECONDS] = "vacation-seconds",
    [SIEVE_X_VARIABLES] = "variables",
    [SIEVE_X_VIRUSTEST] = "virustest",
};

const char *sieve_extension_name(enum sieve_extension extension)
{
	return extension < SIEVE_EXTENSIONS ? extensions[extension] : NULL;
}

void sieve_extension_names(struct buf *out)
{
	const char *separator = "";
	for (size_t i = 0; i < SIEVE_EXTENSIONS; i++) {
		if (extensions[i] == NULL)
			continue;
		buf_printf(out, "%s%s", separator, extensions[i]);
		separator = " ";
	}
}

const char *sieve_extension_absent(struct view name)
{
	static const struct {
		const char *name, *why;
	} absent[] = {
	    {"convert",
	        "a message is kept as it came, and nothing here turns one form of a file into another"},
	    {"processcalendar", "there are no calendars here yet"},
	    {"snooze", "a message cannot be put off here yet"},
	    {"vnd.dovecot.execute", "scripts start no programs here"},
	    {"vnd.dovecot.filter", "scripts start no programs here"},
	    {"vnd.dovecot.pipe", "scripts start no programs here"},
	    {"imapflags", "it became imap4flags: addflag, removeflag and setflag are the same there"},
	    {"notify", "it became enotify, which names the method of a notification by a URI"},
	};

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (view_equal(name, view_from_string(absent[i].name)))
			return absent[i].why;
	return NULL;
}

enum sieve_extension sieve_extension_by_name(struct view name)
{
	for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++)
		if (extensions[i] && view_equal(name, view_from_string(extensions[i])))
			return i;
	return SIEVE_EXTENSIONS;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to be put in, taken out or changed. Names are short: SIEVE_IDENTIFIER_MAX. */
unsigned sieve_name_distance(struct view a, struct view b)
{
	unsigned row[SIEVE_IDENTIFIER_MAX + 1];

	if (a.len > SIEVE_IDENTIFIER_MAX || b.len > SIEVE_IDENTIFIER_MAX)
		return SIEVE_IDENTIFIER_MAX;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			bool same = ascii_lower(a.data[i - 1]) == ascii_lower(b.data[j - 1]);
			unsigned changed = corner + (same ? 0 : 1);

			corner = row[j];
			row[j] = least(changed, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[b.len];
}

void sieve_name_consider(struct view name, const char *candidate, const char **best, unsigned *distance)
{
	unsigned d = sieve_name_distance(name, view_from_string(candidate));

	if (d < *distance && d * 3 <= strlen(candidate)) {
		*best = candidate;
		*distance = d;
	}
}

const char *sieve_extension_near(struct view name)
{
	unsigned distance = SIEVE_IDENTIFIER_MAX;
	const char *best = NULL;

	for (enum sieve_extension i = 0; i < SIEVE_EXTENSIONS; i++)
		if (extensions[i])
			sieve_name_consider(name, extensions[i], &best, &distance);
	return best;
}
