/* The walk over records that include one another: spf_chain.h. */
#include "trust/zone/spf_chain.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trust/sender/spf_record.h"

struct walk {
	struct answers *answers;
	struct arena *arena;
	struct spf_chain *out;
	const char *path[SPF_CHAIN_DEPTH_MAX]; /* whose records led here */
	bool waits;
};

/* ---- lines ---- */

static void add(
    struct walk *w, enum spf_chain_kind kind, unsigned depth, const char *domain, struct view text)
{
	struct spf_chain *out = w->out;
	struct spf_chain_line line = {.kind = kind, .depth = depth};
	if (out->count == SPF_CHAIN_MAX || !arena_copy(w->arena, text, &line.text) ||
	    !arena_copy(w->arena, view_from_string(domain), &line.domain)) {
		out->incomplete = true;
		return;
	}
	out->lines[out->count++] = line;
}

static void problem(struct walk *w, unsigned depth, const char *domain, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void problem(struct walk *w, unsigned depth, const char *domain, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	add(w, SPF_CHAIN_PROBLEM, depth, domain, view_from_string(text));
}

static void network(
    struct walk *w, unsigned depth, const char *domain, int family, const void *address, unsigned bits)
{
	char text[INET6_ADDRSTRLEN + 8], plain[INET6_ADDRSTRLEN];
	inet_ntop(family, address, plain, sizeof plain);
	if (bits == (family == AF_INET ? 32 : 128))
		snprintf(text, sizeof text, "%s", plain);
	else
		snprintf(text, sizeof text, "%s/%u", plain, bits);
	add(w, SPF_CHAIN_NETWORK, depth, domain, view_from_string(text));
}

/* NULL: not known yet, or it failed, which is told. */
static const struct answer *look(struct walk *w, unsigned depth, const char *name, unsigned type)
{
	const struct answer *a = answers_look(w->answers, name, type);
	if (a == NULL) {
		w->waits = true;
	} else if (a->status == ANSWER_FAILED || a->status == ANSWER_BOGUS) {
		problem(w, depth, name, "%s cannot be looked up: %.*s.", name,
		    VIEW_FMT(a->why.len ? a->why : VIEW("no answer")));
		w->out->unseen = true;
		return NULL;
	}
	return a;
}

/* ---- terms ---- */

static void addresses(
    struct walk *w, unsigned depth, const char *name, const struct spf_term *term, size_t *found)
{
	const struct answer *v4 = look(w, depth, name, DNS_A), *v6 = look(w, depth, name, DNS_AAAA);
	/* What is not known is not nothing. */
	*found += v4 == NULL || v6 == NULL;
	for (size_t i = 0; v4 && i < v4->count; i++, (*found)++)
		if (v4->records[i].len == 4)
			network(w, depth, name, AF_INET, v4->records[i].data, term->prefix4);
	for (size_t i = 0; v6 && i < v6->count; i++, (*found)++)
		if (v6->records[i].len == 16)
			network(w, depth, name, AF_INET6, v6->records[i].data, term->prefix6);
}

static void hosts(
    struct walk *w, unsigned depth, const char *name, const struct spf_term *term, size_t *found)
{
	const struct answer *mx = look(w, depth, name, DNS_MX);
	struct dns_mx host;
	*found += mx == NULL;
	for (size_t i = 0; mx && i < mx->count; i++)
		if (dns_record_mx(mx->records[i], &host) == 0 && host.host[0])
			addresses(w, depth, host.host, term, found);
}

static void record(struct walk *w, unsigned depth, const char *domain);

static bool takes_lookup(enum spf_mechanism m)
{
	return m != SPF_ALL && m != SPF_IP4 && m != SPF_IP6;
}

/* The domain-spec as a name; false: it has macros, or is none. */
static bool target(struct walk *w, struct view spec, const char *current, char out[DNS_NAME_SIZE])
{
	if (spec.len == 0)
		snprintf(out, DNS_NAME_SIZE, "%s", current);
	else if (view_find(spec, '%') >= 0 || dns_question_parse(spec, out) != 0) {
		w->out->open = true;
		return false;
	}
	return true;
}

static void term(struct walk *w, unsigned depth, const char *domain, const struct spf_term *t)
{
	char name[DNS_NAME_SIZE];
	size_t found = 0;
	if (t->mechanism == SPF_IP4 || t->mechanism == SPF_IP6) {
		bool v4 = t->mechanism == SPF_IP4;
		network(w, depth, domain, v4 ? AF_INET : AF_INET6, t->network, v4 ? t->prefix4 : t->prefix6);
		return;
	}
	if (!takes_lookup(t->mechanism))
		return;
	w->out->lookups++;
	add(w, SPF_CHAIN_TERM, depth, domain, t->text);
	if (w->out->lookups > SPF_CHAIN_LOOKUPS_MAX) {
		w->out->incomplete = true;
		return;
	}
	if (t->mechanism == SPF_PTR || t->mechanism == SPF_EXISTS)
		w->out->open = true;
	else if (!target(w, t->domain, domain, name))
		return;
	else if (t->mechanism == SPF_INCLUDE)
		record(w, depth + 1, name);
	else if (t->mechanism == SPF_A)
		addresses(w, depth + 1, name, t, &found);
	else
		hosts(w, depth + 1, name, t, &found);
	if ((t->mechanism == SPF_A || t->mechanism == SPF_MX) && found == 0 && !w->waits) {
		w->out->voids++;
		problem(w, depth + 1, name, "There is no address at %s: the term %.*s allows nobody.", name,
		    VIEW_FMT(t->text));
	}
}

/* ---- records ---- */

/* The one SPF record; empty text: none, or several, which is told. */
static bool find(struct walk *w, unsigned depth, const char *domain, struct view *text)
{
	const struct answer *a = look(w, depth, domain, DNS_TXT);
	size_t found = 0;
	*text = (struct view){0};
	for (size_t i = 0; a && i < a->count; i++) {
		struct buf joined;
		buf_init(&joined, DNS_TXT_MAX);
		if (dns_record_txt(a->records[i], &joined) == 0 && spf_record_is(buf_view(&joined)) &&
		    found++ == 0 && !arena_copy(w->arena, buf_view(&joined), text))
			w->out->incomplete = true;
		buf_done(&joined);
	}
	if (a && found != 1) {
		w->out->broken = w->out->broken || found > 1 || depth > 0;
		if (depth > 0 || found > 1)
			problem(w, depth, domain, "%s has %s.", domain,
			    found ? "several SPF records, so none counts" : "no SPF record");
	}
	return a && found == 1;
}

static bool is_loop(const struct walk *w, unsigned depth, const char *domain)
{
	for (unsigned i = 0; i < depth; i++)
		if (strcmp(w->path[i], domain) == 0)
			return true;
	return false;
}

static void record(struct walk *w, unsigned depth, const char *domain)
{
	struct view text, bad, kept;
	struct spf_record r;
	char name[DNS_NAME_SIZE];
	if (depth >= SPF_CHAIN_DEPTH_MAX || is_loop(w, depth, domain)) {
		problem(w, depth, domain, "%s includes itself, or the records go too deep.", domain);
		w->out->broken = true;
		return;
	}
	if (!arena_copy(w->arena, view_from_string(domain), &kept)) {
		w->out->incomplete = true;
		return;
	}
	w->path[depth] = domain = kept.data;
	if (!find(w, depth, domain, &text))
		return;
	add(w, SPF_CHAIN_RECORD, depth, domain, text);
	int error = spf_record_parse(text, w->arena, &r, &bad);
	if (error) {
		problem(w, depth, domain, "The record of %s cannot be read at \"%.*s\".", domain,
		    VIEW_FMT(error == -EINVAL ? bad : VIEW("its end")));
		w->out->broken = true;
		return;
	}
	bool all = false;
	for (size_t i = 0; i < r.count && !all; i++) {
		term(w, depth, domain, &r.terms[i]);
		all = r.terms[i].mechanism == SPF_ALL;
	}
	if (all || r.redirect.len == 0)
		return;
	w->out->lookups++;
	add(w, SPF_CHAIN_TERM, depth, domain, r.redirect);
	if (w->out->lookups <= SPF_CHAIN_LOOKUPS_MAX && target(w, r.redirect, domain, name))
		record(w, depth + 1, name);
}

bool spf_chain_walk(struct answers *answers, const char *domain, struct arena *arena, struct spf_chain *out)
{
	struct walk w = {.answers = answers, .arena = arena, .out = out};
	*out = (struct spf_chain){0};
	record(&w, 0, domain);
	return !w.waits;
}
