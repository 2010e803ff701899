/* report failures: single messages in our domains' names that were not proven, as the servers that got them
 * report. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli_report_sum.h"
#include "format/date.h"
#include "format/encoded_word.h"

struct listing {
	struct cli *cli;
	uint64_t reports, unproven;
};

static void print_time(uint64_t seconds)
{
	struct buf text;
	buf_init(&text, 100);
	date_write_rfc3339(&text, (struct date){.seconds = (int64_t)seconds, .zone_known = true});
	printf("%s", buf_string(&text));
	buf_done(&text);
}

static const char *what_became(struct view delivery)
{
	static const struct {
		const char *result, *words;
	} known[] = {{"delivered", "it was delivered"}, {"spam", "it was put aside as spam"},
	    {"reject", "it was refused"}, {"policy", "a rule of the receiver decided about it"}};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (view_equal_nocase(delivery, view_from_string(known[i].result)))
			return known[i].words;
	return "what became of it is not said";
}

static void print_part(const char *before, struct view text, const char *behind)
{
	if (text.len == 0)
		return;
	printf("%s", before);
	cli_print(text);
	printf("%s", behind);
}

/* A field of the reported message, as a person reads it. */
static void print_field(const char *before, struct view text)
{
	struct buf decoded;
	buf_init(&decoded, 4 * REPORT_TEXT_MAX);
	encoded_word_decode(text, &decoded);
	print_part(before, buf_view(&decoded), "\n");
	buf_done(&decoded);
}

static void print_words(const struct cli_report *r)
{
	const struct report_failure *f = &r->failure;
	print_time(f->at ? f->at : (uint64_t)r->at);
	printf("  ");
	cli_print(f->domain);
	print_part(" from ", f->source, "");
	printf(", %s", what_became(f->delivery));
	if (f->incidents > 1)
		printf(" (%" PRIu64 " messages)", f->incidents);
	printf("\n");
	print_field("    author: ", f->from);
	print_field("    subject: ", f->subject);
	print_part("    envelope sender: ", f->mail_from, "\n");
	print_part("    message: ", f->message_id, "\n");
	print_part("    failed: ", f->type, "");
	print_part(", and does not fit the author's domain: ", f->alignment, "");
	printf("\n");
	if (f->dkim_domain.len > 0) {
		print_part("    signature: ", f->dkim_domain, "");
		print_part(", selector ", f->dkim_selector, "");
		printf("\n");
	}
	print_part("    SPF: ", f->spf_dns, "\n");
	print_part("    results: ", f->results, "\n");
	print_part("    reported by ", f->org, "");
	printf(" (");
	cli_print(r->from.len ? r->from : VIEW("nobody"));
	printf(" proven)\n");
}

static void print_json(const struct cli_report *r)
{
	const struct report_failure *f = &r->failure;
	const struct {
		const char *name;
		struct view value;
	} texts[] = {{"domain", f->domain}, {"source", f->source}, {"failed", f->type},
	    {"alignment", f->alignment}, {"delivery", f->delivery}, {"mail_from", f->mail_from},
	    {"results", f->results}, {"dkim_domain", f->dkim_domain}, {"dkim_identity", f->dkim_identity},
	    {"dkim_selector", f->dkim_selector}, {"spf_dns", f->spf_dns}, {"author", f->from},
	    {"subject", f->subject}, {"message_id", f->message_id}, {"by", f->org}, {"id", f->id},
	    {"from", r->from}};
	printf("{");
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		printf("\"%s\":", texts[i].name);
		cli_json_string(texts[i].value);
		printf(",");
	}
	printf("\"arrived\":%" PRIu64 ",\"received\":%lld,\"port\":%" PRIu64 ",\"incidents\":%" PRIu64 "}\n",
	    f->at, (long long)r->at, f->port, f->incidents);
}

static void take(void *arg, const struct cli_report *r)
{
	struct listing *l = arg;
	l->reports++;
	l->unproven += r->from.len == 0;
	if (l->cli->json)
		print_json(r);
	else
		print_words(r);
}

int cli_report_failures(struct cli *cli)
{
	struct cli_report_wanted wanted = {.kind = REPORT_FAILURE};
	struct listing l = {.cli = cli};
	if (!cli_report_options(cli, &wanted) || !cli_words(cli, 0, 0))
		return EXIT_USAGE;
	int status = cli_report_each(cli, &wanted, take, &l);
	if (status || cli->json)
		return status;
	if (l.reports == 0)
		printf("No reports of single messages have come. Name an address in the ruf of your DMARC "
		       "record, "
		       "and in report_addresses; few servers send such reports.\n");
	else if (l.unproven > 0)
		printf("%" PRIu64 " of %" PRIu64
		       " came by mail whose author nothing proves: anybody may have written them.\n",
		    l.unproven, l.reports);
	return 0;
}
