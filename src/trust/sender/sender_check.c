/* Envelope, header and body of one message to the evaluations: see sender_check.h. */
#include "trust/sender/sender_check.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "format/author.h"
#include "format/domain.h"
#include "format/lex.h"
#include "format/limits.h"

enum {
	TEXTS_MAX = 64 * 1024,      /* envelope and authors */
	NAMES_MEMORY_MAX = 8 * 1024 /* of the client's names */
};

struct sender_check {
	struct sender_request request;
	struct answers *answers;
	struct arena texts; /* for the whole life */
	bool no_memory;     /* for them */
	/* Of the last run. Each has its own: the domains of one sender must not use up what the policy of
	   another needs. */
	struct arena names, spf, dmarc[SENDER_AUTHORS_MAX];
	struct client_address client;
	bool has_client;
	struct dkim_mail mail;
	struct dkim dkim;
	struct arc arc;
	bool header_ended, ended;
	struct buf kept; /* the header that readers will see, if it is told apart */
	bool has_kept, kept_ended;
	int kept_error;
	struct view authors[SENDER_AUTHORS_MAX]; /* their domains */
	size_t author_count;                     /* may be more than there is room for */
	bool unclear;                            /* one is written so that readers may see another */
	struct sender_verdicts verdicts;
};

/* ---- the client and the envelope ---- */

static bool judge_client(struct sender_check *c)
{
	c->verdicts.client = (struct client_names){.result = SENDER_NONE};
	return !c->has_client || client_names_find(c->answers, &c->client, &c->names, &c->verdicts.client);
}

static bool judge_spf(struct sender_check *c)
{
	bool null_sender = view_empty(c->request.sender_domain);
	c->verdicts.spf_of_helo = null_sender;
	c->verdicts.spf = (struct spf_verdict){.result = SENDER_NONE, .cause = SPF_NOT_CHECKED};
	if (c->request.client == NULL)
		return true;
	struct spf_request request = {.client = c->request.client,
	    .helo = c->request.helo,
	    .local_part = c->request.sender_local,
	    .domain = null_sender ? c->request.helo : c->request.sender_domain,
	    .receiver = c->request.receiver,
	    .now = c->request.now};
	return spf_check(c->answers, &request, &c->spf, &c->verdicts.spf);
}

/* What is not kept for want of memory is empty, and what follows from it is temporary. */
static struct view keep(struct sender_check *c, struct view text)
{
	struct view copy;
	if (arena_copy(&c->texts, text, &copy))
		return copy;
	c->no_memory = true;
	return (struct view){0};
}

static struct view keep_mail_from(struct sender_check *c)
{
	struct view local = c->request.sender_local, domain = c->request.sender_domain;
	char *text = local.len + domain.len ? arena_alloc(&c->texts, local.len + 1 + domain.len) : NULL;
	if (text == NULL)
		return domain;
	memcpy(text, local.data, local.len);
	text[local.len] = '@';
	memcpy(text + local.len + 1, domain.data, domain.len);
	return view_of(text, local.len + 1 + domain.len);
}

static struct view normal_domain(struct sender_check *c, struct view domain)
{
	struct buf name;
	struct view kept = {0};
	buf_init(&name, DOMAIN_MAX);
	if (domain.len > 0 && domain_normalize(domain, &name) == 0)
		kept = keep(c, buf_view(&name));
	buf_done(&name);
	return kept;
}

struct sender_check *sender_check_new(const struct sender_request *request, struct answers *answers)
{
	struct sender_check *c = mem_alloc(sizeof *c);
	*c = (struct sender_check){.request = *request, .answers = answers};
	arena_init(&c->texts, TEXTS_MAX);
	arena_init(&c->names, NAMES_MEMORY_MAX);
	arena_init(&c->spf, SPF_MEMORY_MAX);
	for (size_t i = 0; i < SENDER_AUTHORS_MAX; i++)
		arena_init(&c->dmarc[i], 2 * DMARC_MEMORY_MAX);
	c->request.helo = keep(c, request->helo);
	c->request.sender_local = keep(c, request->sender_local);
	c->request.sender_domain = keep(c, request->sender_domain);
	c->request.receiver = keep(c, request->receiver);
	c->verdicts.request = &c->request;
	c->verdicts.mail_from = keep_mail_from(c);
	c->verdicts.envelope = normal_domain(c, c->request.sender_domain);
	c->has_client = request->client && client_address_of(request->client, &c->client);
	dkim_mail_init(&c->mail);
	buf_init(&c->kept, DKIM_BLOCK_ROOM);
	judge_client(c);
	judge_spf(c);
	return c;
}

void sender_check_free(struct sender_check *c)
{
	if (c == NULL)
		return;
	if (c->header_ended) {
		dkim_done(&c->dkim);
		arc_done(&c->arc);
	}
	dkim_mail_done(&c->mail);
	buf_done(&c->kept);
	arena_done(&c->names);
	arena_done(&c->spf);
	for (size_t i = 0; i < SENDER_AUTHORS_MAX; i++)
		arena_done(&c->dmarc[i]);
	arena_done(&c->texts);
	mem_free(c);
}

/* ---- the message ---- */

static bool is_known_author(const struct sender_check *c, struct view domain)
{
	for (size_t i = 0; i < c->author_count && i < SENDER_AUTHORS_MAX; i++)
		if (view_equal_nocase(c->authors[i], domain))
			return true;
	return false;
}

/*
 * Of what is no address: whether a reader may still see one in it, as in an unclosed quote or comment, with a
 * dot too many, or in an encoded word. "Deals @ Shop" is none.
 */
static bool looks_like_address(struct view text)
{
	ptrdiff_t at = view_find(text, '@');
	if (at < 0)
		return view_starts(view_trim(text), VIEW("=?"));
	for (; at >= 0; at = view_find(text, '@')) {
		text = view_skip(text, (size_t)at + 1);
		for (size_t i = 0; i < text.len && !lex_is_blank(text.data[i]) && text.data[i] != '@'; i++)
			if (text.data[i] == '.' || (unsigned char)text.data[i] >= 0x80)
				return true;
	}
	return false;
}

static bool is_domain(struct view domain)
{
	struct buf name;
	buf_init(&name, DOMAIN_MAX);
	bool good = domain_normalize(domain, &name) == 0;
	buf_done(&name);
	return good;
}

static void find_authors(struct sender_check *c, struct view header)
{
	struct authors authors;
	authors_find(header, &c->texts, &authors);
	for (size_t i = 0; i < authors.count; i++) {
		ptrdiff_t at = view_find_last(authors.addresses[i], '@');
		struct view domain = view_skip(authors.addresses[i], (size_t)(at + 1));
		if (at < 0 || !is_domain(domain))
			c->unclear = c->unclear || looks_like_address(authors.addresses[i]);
		if (at < 0 || is_known_author(c, domain))
			continue;
		if (c->author_count < SENDER_AUTHORS_MAX)
			c->authors[c->author_count] = domain;
		c->author_count++;
	}
	if (authors.cut)
		c->author_count = SENDER_AUTHORS_MAX + 1;
}

/* Of all that have signed, those that passed first, since not all may be looked at. */
static size_t list_signers(const struct sender_check *c, struct dmarc_identity *out)
{
	size_t count = 0;
	for (int passed = 1; passed >= 0; passed--)
		for (size_t i = 0; i < c->dkim.count; i++) {
			const struct dkim_verdict *v = &c->dkim.verdicts[i];
			if ((v->result == SENDER_PASS) != passed || v->field.domain == NULL)
				continue;
			out[count++] = (struct dmarc_identity){view_from_string(v->field.domain), v->result};
		}
	return count;
}

/* How much a verdict on one of several authors weighs: the worst one counts. */
static unsigned weight(const struct dmarc_verdict *v)
{
	switch (v->result) {
	case SENDER_FAIL:
		return 10 + v->policy;
	case SENDER_TEMPERROR:
		return 5;
	case SENDER_NONE:
		return 2;
	default:
		return 1;
	}
}

/*
 * What could not be looked at as a whole proves nobody. Where memory was missing, the message may well be
 * genuine: temporary. Where the message is made so, who may have written it is not known, and whoever has
 * something to hide would make it so.
 */
static void limit_verdict(struct sender_check *c, struct dmarc_verdict *v)
{
	if (c->no_memory || c->mail.error == -ENOMEM || c->kept_error == -ENOMEM) {
		if (v->result == SENDER_FAIL || v->result == SENDER_NONE) {
			v->result = SENDER_TEMPERROR;
			v->cause = DMARC_NO_MEMORY;
		}
	} else if (c->mail.error || c->kept_error ||
	           ((c->unclear || c->author_count > SENDER_AUTHORS_MAX) &&
	               (v->result != SENDER_FAIL || v->policy < DMARC_QUARANTINE))) {
		v->result = SENDER_PERMERROR;
		v->cause = DMARC_TOO_LARGE;
		v->policy = DMARC_QUARANTINE;
		v->policy_domain = (struct view){0};
	}
}

static bool judge_dmarc(struct sender_check *c, bool with_results)
{
	struct dmarc_identity signers[DKIM_SIGNATURES_MAX];
	size_t count = with_results ? list_signers(c, signers) : 0;
	struct dmarc_request request = {.dkim = signers, .dkim_count = count};
	bool known = true;
	c->verdicts.dmarc = (struct dmarc_verdict){.result = SENDER_NONE, .cause = DMARC_NO_DOMAIN};
	if (with_results)
		request.spf = (struct dmarc_identity){c->verdicts.spf.domain, c->verdicts.spf.result};
	if (with_results)
		request.spf.domain = c->verdicts.spf_of_helo ? c->request.helo : c->request.sender_domain;
	for (size_t i = 0; i < c->author_count && i < SENDER_AUTHORS_MAX; i++) {
		struct dmarc_verdict v;
		request.author = c->authors[i];
		known &= dmarc_check(c->answers, &request, &c->dmarc[i], &v);
		c->verdicts.author[i] = (struct sender_author){
		    v.cause == DMARC_NO_DOMAIN ? (struct view){0} : v.author, v.result};
		if (i > 0 && weight(&v) <= weight(&c->verdicts.dmarc))
			continue;
		c->verdicts.dmarc = v;
		c->verdicts.proven_by = v.aligned_dkim ? signers[v.proven].domain : (struct view){0};
	}
	if (with_results)
		limit_verdict(c, &c->verdicts.dmarc);
	return known;
}

static void end_header(struct sender_check *c)
{
	c->header_ended = true;
	dkim_begin(&c->dkim, &c->mail, (int64_t)c->request.now);
	arc_begin(&c->arc, &c->mail, (int64_t)c->request.now);
	dkim_ask(&c->dkim, c->answers);
	arc_ask(&c->arc, c->answers);
	find_authors(c, sender_check_header(c));
	judge_dmarc(c, false);
}

static void end_kept(struct sender_check *c)
{
	c->kept_ended = true;
	find_authors(c, buf_view(&c->kept));
	judge_dmarc(c, false);
}

bool sender_check_kept(struct sender_check *c, struct view bytes)
{
	c->has_kept = true;
	if (c->kept_ended)
		return false;
	bool ended = false;
	dkim_gather_header(&c->kept, bytes, &ended, &c->kept_error);
	if (ended)
		end_kept(c);
	return ended;
}

bool sender_check_bytes(struct sender_check *c, struct view bytes)
{
	bool more = false;
	if (!c->header_ended) {
		bytes = view_skip(bytes, dkim_mail_header(&c->mail, bytes));
		if (!c->mail.header_ended)
			return false;
		end_header(c);
		more = true;
	}
	dkim_mail_body(&c->mail, bytes);
	return more;
}

void sender_check_end(struct sender_check *c)
{
	if (!c->header_ended) {
		dkim_mail_header_end(&c->mail);
		end_header(c);
	}
	if (c->has_kept && !c->kept_ended)
		end_kept(c);
	dkim_mail_end(&c->mail);
	c->ended = true;
}

bool sender_check_judge(struct sender_check *c)
{
	arena_reset(&c->names);
	arena_reset(&c->spf);
	for (size_t i = 0; i < SENDER_AUTHORS_MAX; i++)
		arena_reset(&c->dmarc[i]);
	bool known = judge_client(c);
	known &= judge_spf(c);
	known &= dkim_judge(&c->dkim, c->answers);
	known &= arc_judge(&c->arc, c->answers);
	/* What DMARC asks depends on what the others found out. */
	known = known && judge_dmarc(c, true);
	c->verdicts.dkim = &c->dkim;
	c->verdicts.arc = &c->arc;
	c->verdicts.authors = c->author_count;
	return known;
}

const struct sender_verdicts *sender_check_verdicts(const struct sender_check *c)
{
	return &c->verdicts;
}

struct view sender_check_header(const struct sender_check *c)
{
	return buf_view(&c->mail.block);
}

size_t sender_check_memory(const struct sender_check *c)
{
	const struct dkim_header *h = &c->mail.header;
	size_t fields = h->count * (sizeof h->fields[0] + sizeof h->by_name[0] + sizeof h->taken[0]);
	size_t arenas = c->texts.used + c->names.used + c->spf.used;
	for (size_t i = 0; i < SENDER_AUTHORS_MAX; i++)
		arenas += c->dmarc[i].used;
	if (c->header_ended)
		arenas += c->dkim.arena.used + c->arc.arena.used;
	return sizeof *c + fields + arenas + c->mail.block.cap + c->kept.cap;
}
