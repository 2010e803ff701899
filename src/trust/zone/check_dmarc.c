/* DMARC: one record that can be read, a policy that protects, and reports that arrive. */
#include <stdio.h>
#include <string.h>

#include "format/domain.h"
#include "trust/sender/dmarc.h"
#include "trust/zone/zone_check_private.h"

enum { URIS_MAX = 10 /* of one tag; receivers need to send to two (RFC 9989 section 4.7) */ };

/* ---- syntax ---- */

static bool is_one_of(struct view value, const char *const *words)
{
	for (; *words; words++)
		if (view_equal_nocase(value, view_from_string(*words)))
			return true;
	return false;
}

/* A receiver passes over what it does not understand; the owner wants to know. */
static void check_tag(struct zone_checker *c, const char *name, struct view tag, struct view value)
{
	static const char *const policies[] = {"none", "quarantine", "reject", NULL},
	                         *const alignments[] = {"r", "s", NULL}, *const flags[] = {"y", "n", NULL},
	                         *const psd[] = {"y", "n", "u", NULL};
	static const struct {
		const char *tag;
		const char *const *values; /* NULL: any */
	} known[] = {{"v", NULL}, {"p", policies}, {"sp", policies}, {"np", policies}, {"adkim", alignments},
	    {"aspf", alignments}, {"t", flags}, {"psd", psd}, {"rua", NULL}, {"ruf", NULL}, {"fo", NULL},
	    {"pct", NULL}, {"ri", NULL}, {"rf", NULL}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (!view_equal_nocase(tag, view_from_string(known[i].tag)))
			continue;
		if (known[i].values && !is_one_of(value, known[i].values))
			zone_tell(c, i <= 3 ? ZONE_FAULT : ZONE_WARNING, name, DNS_TXT,
			    zone_say(c, "In the DMARC record, %s=%.*s means nothing.", known[i].tag,
			        VIEW_FMT(value)),
			    i <= 3 ? VIEW("Receivers then follow none of its policies; if it has no rua, "
			                  "they pass "
			                  "over the whole record (RFC 9989 section 4.10.1).")
			           : VIEW("Receivers do as if it were not there."),
			    VIEW("Correct that value."));
		return;
	}
	zone_tell(c, ZONE_HINT, name, DNS_TXT,
	    zone_say(c, "The DMARC record has the tag \"%.*s\", which means nothing.", VIEW_FMT(tag)),
	    VIEW("Receivers pass over it."), VIEW("Remove it, or correct its name."));
}

static void check_syntax(struct zone_checker *c, const char *name, struct view text)
{
	struct view rest = text, part;
	while (view_next(&rest, ';', &part)) {
		ptrdiff_t equals = view_find(part, '=');
		part = view_trim(part);
		if (part.len == 0)
			continue;
		if (equals < 0) {
			zone_tell(c, ZONE_WARNING, name, DNS_TXT,
			    zone_say(c, "In the DMARC record, \"%.*s\" is no tag with a value.",
			        VIEW_FMT(view_take(part, 100))),
			    VIEW("Receivers pass over it, or over the whole record."),
			    VIEW("Write tags as name=value with ; between them."));
			continue;
		}
		equals = view_find(part, '=');
		check_tag(c, name, view_trim(view_take(part, (size_t)equals)),
		    view_trim(view_skip(part, (size_t)equals + 1)));
	}
}

/* ---- reports ---- */

/* RFC 9990 section 4: whoever gets reports of another's domain must have said that he wants them. */
static void check_destination(struct zone_checker *c, const char *name, struct view address)
{
	char host[DNS_NAME_SIZE], text[2 * DNS_NAME_SIZE + 16];
	struct zone_texts texts;
	struct buf normal;
	ptrdiff_t at = view_find_last(address, '@');
	buf_init(&normal, 1024);
	bool good = at > 0 && domain_normalize(view_skip(address, (size_t)at + 1), &normal) == 0 &&
	            dns_name_parse(buf_view(&normal), host) == 0;
	buf_done(&normal);
	if (!good) {
		zone_tell(c, ZONE_WARNING, name, DNS_TXT,
		    zone_say(
		        c, "In the DMARC record, \"%.*s\" is no address for reports.", VIEW_FMT(address)),
		    VIEW("Reports are not sent there."), VIEW("Write mailto: and an address."));
		return;
	}
	struct dmarc_walk theirs, ours;
	if (zone_contains(c->site->domain, host))
		return;
	bool known = dmarc_walk(c->answers, host, c->arena, &theirs);
	known = dmarc_walk(c->answers, c->site->domain, c->arena, &ours) && known;
	if (!known) {
		c->waits = true;
		return;
	}
	if (strcmp(theirs.organization, ours.organization) == 0)
		return;
	if (snprintf(text, sizeof text, "%s._report._dmarc.%s", c->site->domain, host) >= DNS_NAME_SIZE)
		return;
	if (zone_texts(c, text, "v=DMARC1", &texts) == ZONE_SEEN && texts.count == 0)
		zone_tell(c, ZONE_WARNING, text, DNS_TXT,
		    zone_say(c, "Reports about %s go to %.*s, but %s has not said that it wants them.",
		        c->site->domain, VIEW_FMT(address), host),
		    VIEW("Nobody sends them there."),
		    zone_say(c, "Its owner adds: %s. IN TXT \"v=DMARC1;\"", text));
}

static void check_reports(struct zone_checker *c, const char *name, struct view uris)
{
	struct view uri;
	for (unsigned i = 0; i < URIS_MAX && view_next(&uris, ',', &uri); i++) {
		uri = view_trim(uri);
		if (!view_starts_nocase(uri, VIEW("mailto:"))) {
			zone_tell(c, ZONE_WARNING, name, DNS_TXT,
			    zone_say(c, "In the DMARC record, \"%.*s\" is no mailto: address.",
			        VIEW_FMT(view_take(uri, 200))),
			    VIEW("Reports are not sent there."), VIEW("Write mailto: and an address."));
			continue;
		}
		struct view address = view_skip(uri, strlen("mailto:"));
		ptrdiff_t size = view_find(address, '!'); /* "!10m", of RFC 7489 */
		check_destination(c, name, size >= 0 ? view_take(address, (size_t)size) : address);
	}
}

/* ---- the record ---- */

/* A wildcard may put other texts at this name. */
static bool is_meant(struct view text)
{
	for (; text.len; text = view_skip(text, 1))
		if (view_starts_nocase(text, VIEW("dmarc")))
			return true;
	return false;
}

static void check_policy(struct zone_checker *c, const char *name, const struct dmarc_record *r)
{
	if (r->domain == DMARC_NONE)
		zone_tell(c, ZONE_HINT, name, DNS_TXT, VIEW("The DMARC policy is p=none."),
		    VIEW("Others only report mail that is forged in this domain's name, and deliver it."),
		    VIEW("When the reports show that all your own mail is proven, make it p=quarantine, then "
		         "p=reject."));
	else if (r->testing)
		zone_tell(c, ZONE_HINT, name, DNS_TXT, VIEW("The DMARC policy is only tried out (t=y)."),
		    VIEW("Others do one step less than it says."),
		    VIEW("Remove t=y when the reports look well."));
	if (r->aggregate.len == 0)
		zone_tell(c, ZONE_HINT, name, DNS_TXT,
		    VIEW("The DMARC record names nobody who gets reports (rua=)."),
		    VIEW("You do not learn who sends in your name, nor that your own mail fails."),
		    VIEW("Add rua=mailto: and an address."));
	check_reports(c, name, r->aggregate);
	check_reports(c, name, r->failure);
}

static void none(struct zone_checker *c, const char *name)
{
	struct dmarc_walk walk;
	if (!dmarc_walk(c->answers, c->site->domain, c->arena, &walk)) {
		c->waits = true;
		return;
	}
	c->out->unseen = c->out->unseen || walk.question;
	if (walk.record_domain || walk.question)
		return; /* the organization's holds for this domain, too */
	const struct zone_wanted *wanted = zone_wanted(c, ZONE_DMARC, name, DNS_TXT);
	struct zone_finding *f =
	    zone_tell(c, ZONE_WARNING, name, DNS_TXT, zone_say(c, "%s has no DMARC record.", c->site->domain),
	        VIEW("Anybody can write this domain into From. Large providers refuse bulk mail of domains "
	             "without it."),
	        (struct view){0});
	if (wanted)
		zone_change_add(c, f, &wanted->record);
}

void zone_check_dmarc(struct zone_checker *c)
{
	struct zone_texts texts;
	struct dmarc_record r;
	c->part = ZONE_DMARC;
	c->out->checked |= 1U << ZONE_DMARC;
	const char *name = zone_below(c, "_dmarc", c->site->domain);
	if (zone_texts(c, name, "", &texts) != ZONE_SEEN)
		return;
	size_t found = 0, meant = 0;
	struct view text = {0};
	for (size_t i = 0; i < texts.count; i++)
		if (is_meant(texts.texts[i]))
			texts.texts[meant++] = texts.texts[i];
	texts.count = meant;
	for (size_t i = 0; i < texts.count; i++)
		if (dmarc_record_parse(texts.texts[i], &r) && found++ == 0)
			text = texts.texts[i];
	if (found == 1) {
		dmarc_record_parse(text, &r);
		check_syntax(c, name, text);
		check_policy(c, name, &r);
	} else if (found > 1) {
		zone_tell(c, ZONE_FAULT, name, DNS_TXT, zone_say(c, "There are %zu DMARC records.", found),
		    VIEW("None of them counts (RFC 9989 section 4.10)."), VIEW("Keep one."));
	} else if (texts.count) {
		zone_tell(c, ZONE_FAULT, name, DNS_TXT,
		    zone_say(
		        c, "This is no DMARC record: \"%.*s\".", VIEW_FMT(view_take(texts.texts[0], 500))),
		    VIEW("It counts for nothing."), VIEW("It must begin with \"v=DMARC1;\"."));
	} else {
		none(c, name);
	}
}
