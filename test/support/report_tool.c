/*
 * Writes a delivery report from words: for dsn_differential.py, which reads it with Python's email package.
 *	report_tool NAME=VALUE...       fields of the report; recipient=ACTION begins a recipient, whose
 *fields follow The returned part is standard input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsn/dsn_report.h"

enum { RECIPIENTS = 100 };

static struct dsn_recipient recipients[RECIPIENTS];
static struct dsn_report report = {.recipients = recipients};

static const struct {
	const char *name;
	struct view *of_report;
} texts[] = {{"mta", &report.reporting_mta}, {"postmaster", &report.postmaster}, {"to", &report.to},
    {"message_id", &report.message_id}, {"boundary", &report.boundary}, {"envid", &report.envid},
    {"subject", &report.original_subject}, {"original_id", &report.original_message_id},
    {"queue_id", &report.queue_id}};

static bool recipient_word(struct dsn_recipient *r, const char *name, const char *value)
{
	const struct {
		const char *name;
		struct view *text;
	} fields[] = {{"final", &r->final}, {"original_type", &r->original_type}, {"original", &r->original},
	    {"status", &r->status}, {"remote", &r->remote}, {"reply", &r->reply}, {"stage", &r->stage}};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (strcmp(name, fields[i].name) == 0) {
			*fields[i].text = view_from_string(value);
			return true;
		}
	}
	if (strcmp(name, "cause") == 0)
		r->trouble = trouble_from_text(view_from_string(value));
	else if (strcmp(name, "words") == 0)
		r->trouble_text = view_from_string(value);
	else if (strcmp(name, "last_attempt") == 0)
		r->last_attempt = atoll(value);
	else if (strcmp(name, "retry_until") == 0)
		r->retry_until = atoll(value);
	else
		return false;
	return true;
}

static void word(const char *name, const char *value)
{
	if (strcmp(name, "recipient") == 0) {
		if (report.count == RECIPIENTS)
			exit(64);
		recipients[report.count++].action =
		    (enum dsn_action)dsn_action_by_name(view_from_string(value));
		return;
	}
	if (report.count && recipient_word(&recipients[report.count - 1], name, value))
		return;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(name, texts[i].name) == 0)
			*texts[i].of_report = view_from_string(value);
	if (strcmp(name, "now") == 0)
		report.now = (struct date){.seconds = atoll(value), .zone_known = true};
	else if (strcmp(name, "arrival") == 0)
		report.arrival = atoll(value);
	else if (strcmp(name, "utf8") == 0)
		report.utf8 = true;
	else if (strcmp(name, "return") == 0)
		report.what = (enum dsn_return)atoi(value);
	else if (strcmp(name, "content") == 0)
		report.content = (enum dsn_content)atoi(value);
}

int main(int argc, char **argv)
{
	struct buf head, tail;
	char block[65536];
	size_t n;
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value == NULL)
			return 64;
		*value = '\0';
		word(argv[i], value + 1);
	}
	buf_init(&head, DSN_HEAD_MAX);
	buf_init(&tail, DSN_TAIL_MAX);
	int error = dsn_report_write(&report, &head, &tail, NULL);
	if (error)
		return 1;
	fwrite(buf_view(&head).data, 1, buf_view(&head).len, stdout);
	while ((n = fread(block, 1, sizeof block, stdin)) > 0)
		fwrite(block, 1, n, stdout);
	fwrite(buf_view(&tail).data, 1, buf_view(&tail).len, stdout);
	buf_done(&head);
	buf_done(&tail);
	return 0;
}
