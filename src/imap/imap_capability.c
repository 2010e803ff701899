/* CAPABILITY (RFC 9051 section 6.1.1): one table of what is announced, and when. */
#include "imap/imap_commands.h"
#include "imap/imap_state.h"

enum { BEFORE = IMAP_NOT_AUTHENTICATED, AFTER = IMAP_AUTHENTICATED | IMAP_SELECTED, ALWAYS = BEFORE | AFTER };

static bool can_start_tls(const struct imap_session *s)
{
	return s->config.tls_available && !s->config.secure;
}

static bool takes_passwords(const struct imap_session *s)
{
	return s->config.secure || s->config.clear_login;
}

static bool takes_no_passwords(const struct imap_session *s)
{
	return !takes_passwords(s);
}

static bool can_deflate(const struct imap_session *s)
{
	return s->config.deflate_available && !s->deflating;
}

/* RFC 9698 section 3. */
static bool has_jmap(const struct imap_session *s)
{
	return s->config.jmap.len > 0;
}

static const struct {
	const char *name;
	unsigned states;
	bool (*is_so)(const struct imap_session *s); /* NULL: always */
} capabilities[] = {
    {"IMAP4rev2", ALWAYS, NULL},
    {"IMAP4rev1", ALWAYS, NULL},
    {"STARTTLS", BEFORE, can_start_tls},
    {"LOGINDISABLED", BEFORE, takes_no_passwords},
    {"SASL-IR", BEFORE, takes_passwords},
    {"LITERAL+", ALWAYS, NULL},
    {"ID", ALWAYS, NULL},
    {"ENABLE", ALWAYS, NULL},
    {"IDLE", AFTER, NULL},
    {"NAMESPACE", AFTER, NULL},
    {"CHILDREN", AFTER, NULL},
    {"UNSELECT", AFTER, NULL},
    {"UIDPLUS", AFTER, NULL},
    {"CONDSTORE", AFTER, NULL},
    {"QRESYNC", AFTER, NULL},
    {"UIDONLY", AFTER, NULL},
    {"UIDBATCHES", AFTER, NULL},
    {"UTF8=ACCEPT", AFTER, NULL},
    {"LIST-EXTENDED", AFTER, NULL},
    {"LIST-STATUS", AFTER, NULL},
    {"LIST-MYRIGHTS", AFTER, NULL},
    {"LIST-METADATA", AFTER, NULL},
    {"SPECIAL-USE", AFTER, NULL},
    {"CREATE-SPECIAL-USE", AFTER, NULL},
    {"STATUS=SIZE", AFTER, NULL},
    {"OBJECTID", AFTER, NULL},
    {"MULTIAPPEND", AFTER, NULL},
    {"CATENATE", AFTER, NULL},
    {"URLAUTH", AFTER, NULL},
    {"URLAUTH=BINARY", AFTER, NULL},
    {"URL-PARTIAL", AFTER, NULL}, /* RFC 5550 */
    {"REPLACE", AFTER, NULL},
    {"MOVE", AFTER, NULL},
    {"BINARY", AFTER, NULL},
    {"PREVIEW", AFTER, NULL},
    {"SAVEDATE", AFTER, NULL},
    {"UNAUTHENTICATE", AFTER, NULL},
    {"INPROGRESS", AFTER, NULL},
    {"ESEARCH", AFTER, NULL},
    {"SEARCHRES", AFTER, NULL},
    {"MULTISEARCH", AFTER, NULL},
    {"WITHIN", AFTER, NULL},
    {"PARTIAL", AFTER, NULL},
    {"SEARCH=FUZZY", AFTER, NULL},
    {"SORT", AFTER, NULL},
    {"SORT=DISPLAY", AFTER, NULL},
    {"ESORT", AFTER, NULL},
    {"CONTEXT=SEARCH", AFTER, NULL},
    {"CONTEXT=SORT", AFTER, NULL},
    {"THREAD=ORDEREDSUBJECT", AFTER, NULL},
    {"THREAD=REFERENCES", AFTER, NULL},
    {"THREAD=REFS", AFTER, NULL},
    {"I18NLEVEL=2", AFTER, NULL},
    {"LANGUAGE", ALWAYS, NULL},
    {"NOTIFY", AFTER, NULL},
    {"ANNOTATE-EXPERIMENT-1", AFTER, NULL},
    {"ACL", AFTER, NULL},
    {"RIGHTS=texkn", AFTER, NULL},
    {"QUOTA", AFTER, NULL},
    {"QUOTA=RES-STORAGE", AFTER, NULL},
    {"QUOTA=RES-MESSAGE", AFTER, NULL},
    {"METADATA", AFTER, NULL},
    {"FILTERS", AFTER, NULL},
    {"COMPRESS=DEFLATE", AFTER, can_deflate},
    {"JMAPACCESS", AFTER, has_jmap},
};

static void put_limit(struct imap_session *s, const char *name, uint64_t limit)
{
	if (limit == 0)
		return;
	imap_puts(s, name);
	imap_put_number(s, limit);
}

void imap_put_capabilities(struct imap_session *s)
{
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
		if (!(capabilities[i].states & s->state) ||
		    (capabilities[i].is_so && !capabilities[i].is_so(s)))
			continue;
		imap_puts(s, " ");
		imap_puts(s, capabilities[i].name);
	}
	if (s->state == IMAP_NOT_AUTHENTICATED) {
		if (!takes_passwords(s))
			return;
		for (const char *const *m = s->config.announced(s->config.secure); *m; m++) {
			imap_puts(s, " AUTH=");
			imap_puts(s, *m);
		}
	} else {
		if (s->config.sieve.len > 0) { /* RFC 6785 section 2.1 */
			imap_puts(s, " IMAPSIEVE=sieve://");
			imap_put(s, s->config.sieve);
		}
		put_limit(s, " APPENDLIMIT=", s->config.message_max); /* RFC 7889 section 3 */
		/* One of the two (RFC 9738 section 3). */
		put_limit(s, " MESSAGELIMIT=", s->config.message_limit);
		put_limit(s, " SAVELIMIT=", s->config.message_limit ? 0 : s->config.save_limit);
	}
}

void imap_capability(struct imap_session *s, struct imap_in *in)
{
	if (imap_wrong(s, in))
		return;
	imap_puts(s, "* CAPABILITY"); /* RFC 9051 section 7.2.2 */
	imap_put_capabilities(s);
	imap_put_line(s);
	imap_ok(s, NULL, "these are the capabilities");
}
