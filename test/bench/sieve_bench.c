/*
 * What scripts cost:
 *   sieve_bench
 * compiles a script of 1 MB, writes and reads the compiled form of one of 100 rules, and runs that over a
 * message of 4 KB whose mail no rule takes, so that all of them are asked. Processor time; the least of nine
 * rounds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sieve/sieve_form.h"
#include "sieve/sieve_run.h"

enum { ROUNDS = 9, RULES = 100, RUNS = 2000, MESSAGE = 4096 };

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static enum sieve_answer ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg, (void)question, (void)value;
	return SIEVE_NO;
}

/* Rules as webmails write them. */
static void write_rules(struct buf *script, size_t rules, size_t most)
{
	buf_append_string(script, "require [\"fileinto\", \"imap4flags\", \"envelope\", \"body\"];\n");
	for (size_t i = 0; i < rules && buf_view(script).len < most; i++) {
		buf_printf(script, "# rule:[number %zu]\n", i);
		if (i % 3 == 0)
			buf_printf(script,
			    "if anyof (header :contains \"subject\" \"[list-%zu]\", address :is \"from\" "
			    "\"bot%zu@example.com\") { "
			    "fileinto \"Lists/%zu\"; stop; }\n",
			    i, i, i);
		else if (i % 3 == 1)
			buf_printf(script,
			    "if allof (header :matches \"list-id\" \"*<list%zu.*>\", size :under 1M) { "
			    "addflag \"\\\\Seen\"; fileinto "
			    "\"Lists/%zu\"; stop; }\n",
			    i, i);
		else
			buf_printf(script,
			    "if address :domain [\"to\", \"cc\"] [\"a%zu.example\", \"b%zu.example\"] { "
			    "fileinto \"Work/%zu\"; stop; }\n",
			    i, i, i);
	}
}

static void write_message(struct buf *message)
{
	buf_append_string(message,
	    "Return-Path: <ann@example.org>\r\nReceived: from a by b; Mon, 6 May 2024 10:20:30 +0200\r\n"
	    "From: =?utf-8?q?=C3=84nn?= <ann@example.org>\r\nTo: Joe <joe@example.net>, jane@example.net\r\n"
	    "Cc: team@example.net\r\nSubject: Re: the minutes of =?utf-8?q?M=C3=A4rz?=\r\n"
	    "List-Id: The team <team.lists.example.net>\r\nDate: Mon, 6 May 2024 10:20:00 +0200\r\n"
	    "Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n");
	while (buf_view(message).len < MESSAGE)
		buf_append_string(
		    message, "The quick brown fox jumps over the lazy dog, again and again.\r\n");
}

static double compile(struct view script, struct arena *arena, struct sieve_program *program)
{
	static const struct sieve_language language;
	static struct sieve_errors errors;
	double start;

	arena_reset(arena);
	sieve_errors_init(&errors);
	start = now_us();
	if (!sieve_compile(script, &language, arena, &errors, program)) {
		fprintf(
		    stderr, "line %u: %.*s\n", errors.items[0].place.line, VIEW_FMT(errors.items[0].text));
		exit(1);
	}
	sieve_errors_done(&errors);
	return now_us() - start;
}

static double read_form(struct view form, struct arena *arena, struct sieve_program *program)
{
	double start = now_us();

	arena_reset(arena);
	if (sieve_form_read(form, NULL, arena, program) != 0)
		exit(1);
	return now_us() - start;
}

static double run(const struct sieve_program *program, struct view bytes)
{
	static const struct view own = {"joe@example.net", 15};
	const struct sieve_world world = {
	    .ask = ask, .addresses = &own, .address_count = 1, .now = 1715000000, .subaddress = {"+", 1}};
	static struct sieve_outcome outcome;
	struct sieve_message message;
	struct arena arena;
	double start = now_us();

	arena_init(&arena, SIEVE_RUN_MEMORY_MAX);
	for (int i = 0; i < RUNS; i++) {
		sieve_message_init(&message, bytes, &arena);
		message.recipient = own;
		if (sieve_run(program, &message, &world, &arena, &outcome) != SIEVE_DONE ||
		    outcome.actions[0].kind != SIEVE_KEEP)
			exit(1);
		sieve_message_done(&message);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return (now_us() - start) / RUNS;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

int main(void)
{
	double compiling = 1e12, reading = 1e12, running = 1e12;
	struct sieve_program program;
	struct arena arena, read;
	struct buf large, rules, message, form;

	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&read, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(&large, SIEVE_SCRIPT_MAX);
	buf_init(&rules, SIEVE_SCRIPT_MAX);
	buf_init(&message, 1 << 20);
	buf_init(&form, SIEVE_COMPILE_MEMORY_MAX);
	write_rules(&large, SIZE_MAX, SIEVE_SCRIPT_MAX - 1000);
	write_rules(&rules, RULES, SIEVE_SCRIPT_MAX);
	write_message(&message);
	for (int i = 0; i < ROUNDS; i++)
		compiling = least(compiling, compile(buf_view(&large), &arena, &program));
	compile(buf_view(&rules), &arena, &program);
	if (sieve_form_write(&program, &form) != 0)
		return 1;
	for (int i = 0; i < ROUNDS; i++)
		reading = least(reading, read_form(buf_view(&form), &read, &program));
	for (int i = 0; i < ROUNDS; i++)
		running = least(running, run(&program, buf_view(&message)));
	printf("compile_ms=%.1f of %zu octets\nread_form_us=%.0f of %zu octets, %d rules\nrun_us=%.1f for %d "
	       "rules over %zu octets\n",
	    compiling / 1000, buf_view(&large).len, reading, buf_view(&form).len, RULES, running, RULES,
	    buf_view(&message).len);
	buf_done(&large);
	buf_done(&rules);
	buf_done(&message);
	buf_done(&form);
	arena_done(&read);
	arena_done(&arena);
	return 0;
}
