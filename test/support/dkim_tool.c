/*
 * The signatures of src/trust/sender on files, many in one process: for dkim_differential.py and
 * arc_suite.py.
 *	dkim_tool verify NOW ZONE FILE...                  a line of JSON for each
 *	dkim_tool sign NOW KEY DOMAIN SELECTOR FILE...     writes FILE.signed; KEY is a file in PEM
 *	dkim_tool seal NOW ZONE KEY DOMAIN SELECTOR NAMES AUTHSERV RESULTS FILE
 *	                                                   prints FILE with a set of ARC above it; NAMES may
 *be empty dkim_tool record KEY                               the record that publishes the key dkim_tool
 *speed NOW ZONE FILE                        microseconds of CPU of one verification A line of ZONE is a name,
 *a blank and the text of its TXT record; "NXDOMAIN"; or "~~why~~", a failure. Files with bare LFs are read as
 *if they had CRLFs.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "format/json.h"
#include "trust/sender/arc.h"
#include "trust/sender/arc_seal.h"
#include "trust/sender/sender_results_make.h"
#include "trust/sender/sender_words.h"
#include "trust/sender/signature_words.h"

static void die(const char *what, const char *which)
{
	fprintf(stderr, "dkim_tool: %s: %s\n", what, which);
	exit(1);
}

static void read_file(const char *name, struct buf *content)
{
	FILE *file = fopen(name, "rb");
	if (file == NULL)
		die(strerror(errno), name);
	char *room;
	size_t n = 1;
	while (n > 0 && (room = buf_reserve(content, 1 << 16)) != NULL) {
		n = fread(room, 1, 1 << 16, file);
		buf_commit(content, n);
	}
	fclose(file);
	if (buf_failed(content))
		die("too large", name);
}

static void read_message(const char *name, struct buf *message)
{
	struct buf raw;
	buf_init(&raw, 1 << 28);
	buf_init(message, 1 << 29);
	read_file(name, &raw);
	struct view text = buf_view(&raw);
	if (memmem(text.data, text.len, "\r\n", 2)) {
		buf_append(message, text);
	} else {
		for (size_t i = 0; i < text.len; i++) {
			if (text.data[i] == '\n')
				buf_append_byte(message, '\r');
			buf_append_byte(message, text.data[i]);
		}
	}
	buf_done(&raw);
}

/* ---- the zone ---- */

static struct buf zone;

static bool find_record(const char *name, struct view *text)
{
	struct view rest = buf_view(&zone), line, key;
	while (view_next(&rest, '\n', &line)) {
		if (line.len && line.data[line.len - 1] == '\r')
			line.len--;
		if (view_next(&line, ' ', &key) && view_equal_nocase(key, view_from_string(name))) {
			*text = view_trim(line);
			return true;
		}
	}
	return false;
}

static void answer(struct answers *answers)
{
	struct question q;
	while (answers_next(answers, &q)) {
		struct answer a = {.status = ANSWER_NXDOMAIN};
		struct view text, record;
		struct buf data;
		buf_init(&data, 1 << 16);
		if (find_record(q.name, &text) && !view_equal(text, VIEW("NXDOMAIN"))) {
			if (view_starts(text, VIEW("~~"))) {
				a.status = ANSWER_FAILED;
				a.why = text;
			} else {
				do {
					struct view part = view_take(text, 255);
					buf_append_u8(&data, (uint8_t)part.len);
					buf_append(&data, part);
					text = view_skip(text, part.len);
				} while (text.len);
				record = buf_view(&data);
				a = (struct answer){.status = ANSWER_GOOD, .records = &record, .count = 1};
			}
		}
		answers_put(answers, q.number, &a);
		buf_done(&data);
	}
}

/* ---- verifying ---- */

struct checked {
	struct dkim_mail mail;
	struct dkim dkim;
	struct arc arc;
	struct answers answers;
};

static void check(struct checked *c, struct view message, int64_t now)
{
	dkim_mail_init(&c->mail);
	answers_init(&c->answers);
	size_t taken = dkim_mail_header(&c->mail, message);
	dkim_mail_header_end(&c->mail);
	dkim_begin(&c->dkim, &c->mail, now);
	arc_begin(&c->arc, &c->mail, now);
	dkim_ask(&c->dkim, &c->answers);
	arc_ask(&c->arc, &c->answers);
	dkim_sign_begin(&c->mail);
	dkim_mail_body(&c->mail, view_skip(message, taken));
	dkim_mail_end(&c->mail);
	for (bool known = false; !known;) {
		answer(&c->answers);
		known = dkim_judge(&c->dkim, &c->answers);
		known = arc_judge(&c->arc, &c->answers) && known;
	}
}

static void done(struct checked *c)
{
	dkim_done(&c->dkim);
	arc_done(&c->arc);
	answers_done(&c->answers);
	dkim_mail_done(&c->mail);
}

static void put_text(struct buf *out, const char *name, struct view text)
{
	buf_printf(out, "\"%s\":", name);
	json_append_string(out, text);
	buf_append_byte(out, ',');
}

static void put_verdict(struct buf *out, const struct dkim_verdict *v)
{
	struct sender_signature s;
	struct buf words;
	buf_init(&words, 4096);
	sender_results_take_signature(v, &s);
	signature_explain(&s, &words);
	buf_append_byte(out, '{');
	put_text(out, "result", view_from_string(sender_result_name(v->result)));
	put_text(out, "domain", view_from_string(v->field.domain));
	put_text(out, "selector", view_from_string(v->field.selector));
	put_text(out, "algorithm", v->field.algorithm_text);
	put_text(out, "words", buf_view(&words));
	buf_printf(out, "\"bits\":%u}", v->key.key.bits);
	buf_done(&words);
}

static void put_arc(struct buf *out, const struct arc *a)
{
	struct sender_results r = {0};
	struct buf words;
	buf_init(&words, 4096);
	sender_results_take_arc(a, &r);
	sender_explain_arc(&r, &words);
	put_text(out, "arc", view_from_string(sender_result_name(a->verdict.result)));
	buf_printf(out, "\"sets\":%u,\"arc_words\":", a->count);
	json_append_string(out, buf_view(&words));
	buf_done(&words);
}

static void verify(const char *name, int64_t now)
{
	struct checked c;
	struct buf message, out;
	read_message(name, &message);
	buf_init(&out, 1 << 20);
	check(&c, buf_view(&message), now);
	buf_append_byte(&out, '{');
	put_text(&out, "result", view_from_string(sender_result_name(dkim_result(&c.dkim))));
	buf_append_string(&out, "\"signatures\":[");
	for (size_t i = 0; i < c.dkim.count; i++) {
		buf_append_string(&out, i ? "," : "");
		put_verdict(&out, &c.dkim.verdicts[i]);
	}
	buf_append_string(&out, "],");
	put_arc(&out, &c.arc);
	buf_append_string(&out, "}\n");
	fwrite(buf_view(&out).data, 1, buf_view(&out).len, stdout);
	done(&c);
	buf_done(&message);
	buf_done(&out);
}

static void speed(const char *name, int64_t now)
{
	enum { ROUNDS = 20000 };
	struct buf message;
	struct timespec begin, end;
	size_t passed = 0;
	read_message(name, &message);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	for (int i = 0; i < ROUNDS; i++) {
		struct checked c;
		check(&c, buf_view(&message), now);
		passed += dkim_result(&c.dkim) == SENDER_PASS;
		done(&c);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	double us = (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
	printf("%zu octets, %.1f us each, %zu of %d pass\n", buf_view(&message).len, us / ROUNDS, passed,
	    ROUNDS);
	buf_done(&message);
}

/* ---- signing ---- */

static EVP_PKEY *read_key(const char *name)
{
	FILE *file = fopen(name, "r");
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
	if (key == NULL)
		die("no private key", name);
	fclose(file);
	return key;
}

static void write_signed(const char *name, struct view field, struct view message)
{
	char path[4096];
	snprintf(path, sizeof path, "%s.signed", name);
	FILE *file = fopen(path, "wb");
	if (file == NULL)
		die(strerror(errno), path);
	fwrite(field.data, 1, field.len, file);
	fwrite(message.data, 1, message.len, file);
	fclose(file);
}

static void sign(const char *name, EVP_PKEY *key, struct dkim_signer *signer)
{
	struct dkim_mail mail;
	struct dkim_draft draft;
	struct buf message, field;
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	read_message(name, &message);
	buf_init(&field, 1 << 16);
	dkim_mail_init(&mail);
	dkim_draft_init(&draft);
	size_t taken = dkim_mail_header(&mail, buf_view(&message));
	dkim_mail_header_end(&mail);
	dkim_sign_begin(&mail);
	dkim_mail_body(&mail, view_skip(buf_view(&message), taken));
	dkim_mail_end(&mail);
	if (dkim_sign(&mail, signer, &draft) != 0 ||
	    dkim_key_sign(key, buf_view(&draft.block), signature, &len) != 0 ||
	    dkim_draft_finish(&draft, view_of(signature, len), &field) != 0)
		die("cannot be signed", name);
	write_signed(name, buf_view(&field), buf_view(&message));
	dkim_draft_done(&draft);
	dkim_mail_done(&mail);
	buf_done(&field);
	buf_done(&message);
}

/* ---- sealing ---- */

/* b= on one line, as the suite's seals have signed it. */
static void finish(struct dkim_draft *draft, EVP_PKEY *key, struct buf *out)
{
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof signature;
	struct view field = buf_view(&draft->field);
	if (dkim_key_sign(key, buf_view(&draft->block), signature, &len) != 0)
		die("cannot be sealed", "signing");
	buf_append(out, view_take(field, draft->at));
	base64_encode(out, view_of(signature, len));
	buf_append(out, view_skip(field, draft->at));
}

static void seal(char **argv)
{
	struct checked c;
	struct dkim_draft draft;
	struct buf message, results, signature, sealed;
	EVP_PKEY *key = read_key(argv[4]);
	struct dkim_signer signer = {
	    .algorithm = EVP_PKEY_is_a(key, "RSA") ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
	    .domain = argv[5],
	    .selector = argv[6],
	    .names = view_from_string(argv[7]),
	    .signed_at = strtoll(argv[2], NULL, 10),
	    .expires = DKIM_NO_TIME};
	read_message(argv[10], &message);
	buf_init(&results, 1 << 16);
	buf_init(&signature, 1 << 16);
	buf_init(&sealed, 1 << 16);
	dkim_draft_init(&draft);
	check(&c, buf_view(&message), signer.signed_at);
	int error = arc_seal_results(&c.arc, argv[8], view_from_string(argv[9]), &results);
	if (error == 0)
		error = arc_seal_message(&c.arc, &c.mail, &signer, &draft);
	if (error)
		die(strerror(-error), argv[10]);
	finish(&draft, key, &signature);
	if (arc_seal_chain(&c.arc, &signer, buf_view(&results), buf_view(&signature), &draft) != 0)
		die("cannot be sealed", argv[10]);
	finish(&draft, key, &sealed);
	printf("%.*s%.*s%.*s%.*s", VIEW_FMT(buf_view(&sealed)), VIEW_FMT(buf_view(&signature)),
	    VIEW_FMT(buf_view(&results)), VIEW_FMT(buf_view(&message)));
	done(&c);
	dkim_draft_done(&draft);
	buf_done(&message);
	buf_done(&results);
	buf_done(&signature);
	buf_done(&sealed);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	buf_init(&zone, 1 << 24);
	if (argc > 4 && strcmp(argv[1], "verify") == 0) {
		read_file(argv[3], &zone);
		for (int i = 4; i < argc; i++)
			verify(argv[i], strtoll(argv[2], NULL, 10));
	} else if (argc > 6 && strcmp(argv[1], "sign") == 0) {
		EVP_PKEY *key = read_key(argv[3]);
		struct dkim_signer signer = {
		    .algorithm = EVP_PKEY_is_a(key, "RSA") ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256,
		    .domain = argv[4],
		    .selector = argv[5],
		    .signed_at = strtoll(argv[2], NULL, 10),
		    .expires = DKIM_NO_TIME};
		for (int i = 6; i < argc; i++)
			sign(argv[i], key, &signer);
		EVP_PKEY_free(key);
	} else if (argc == 11 && strcmp(argv[1], "seal") == 0) {
		read_file(argv[3], &zone);
		seal(argv);
	} else if (argc == 3 && strcmp(argv[1], "record") == 0) {
		struct buf record;
		EVP_PKEY *key = read_key(argv[2]);
		buf_init(&record, 4096);
		if (dkim_key_record(key, &record) != 0)
			die("cannot be published", argv[2]);
		printf("%.*s\n", VIEW_FMT(buf_view(&record)));
		buf_done(&record);
		EVP_PKEY_free(key);
	} else if (argc == 5 && strcmp(argv[1], "speed") == 0) {
		read_file(argv[3], &zone);
		speed(argv[4], strtoll(argv[2], NULL, 10));
	} else {
		die("verify, sign, seal, record or speed", "?");
	}
	buf_done(&zone);
	return 0;
}
