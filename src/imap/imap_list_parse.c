/* The arguments of LIST: RFC 9051 section 6.3.9, RFC 5258 section 6. */
#include "imap/imap_list.h"

#include "imap/imap_metadata.h"
#include "imap/imap_status.h"

static void selection(struct imap_in *in, struct imap_list_options *o)
{
	imap_in_char(in, '(');
	while (!in->wrong && !imap_in_take(in, ')')) {
		if (imap_in_word(in, "SUBSCRIBED"))
			o->subscribed = true;
		else if (imap_in_word(in, "SPECIAL-USE"))
			o->special = true;
		else if (imap_in_word(in, "RECURSIVEMATCH"))
			o->recursive = true;
		else if (!imap_in_word(in, "REMOTE")) /* there are no mailboxes on other servers */
			imap_in_wrong(in, "there is no such selection option of LIST");
		if (!imap_in_next_is(in, ')'))
			imap_in_space(in);
	}
	/* RFC 5258 section 3.1: it goes with another one. */
	if (!in->wrong && o->recursive && !o->subscribed && !o->special)
		imap_in_wrong(in, "RECURSIVEMATCH needs another selection option");
}

/* "(" entry *(SP entry) ")": RFC 9590 section 4. Twice the same one would be told once. */
static void metadata(struct imap_in *in, struct imap_list_options *o)
{
	imap_in_char(in, '(');
	do {
		if (o->metadata_count == IMAP_LIST_METADATA_MAX)
			imap_in_wrong(in, "[LIMIT] there are too many entries");
		else if (imap_in_metadata_entry(in, true, &o->metadata[o->metadata_count]))
			o->metadata_count++;
	} while (imap_in_take(in, ' '));
	imap_in_char(in, ')');
}

static void returns(struct imap_in *in, struct imap_list_options *o)
{
	imap_in_char(in, '(');
	while (!in->wrong && !imap_in_take(in, ')')) {
		if (imap_in_word(in, "SUBSCRIBED"))
			o->return_subscribed = true;
		else if (imap_in_word(in, "MYRIGHTS"))
			o->return_rights = true;
		else if (imap_in_word(in, "STATUS") && imap_in_space(in))
			o->return_status = imap_in_status_items(in);
		else if (imap_in_word(in, "METADATA") && imap_in_space(in))
			metadata(in, o);
		else if (!imap_in_word(in, "CHILDREN") &&
		         !imap_in_word(in, "SPECIAL-USE")) /* are told always */
			imap_in_wrong(in, "there is no such return option of LIST");
		if (!imap_in_next_is(in, ')'))
			imap_in_space(in);
	}
}

/* Reference and pattern together; INBOX is one name in any case. */
static void add_pattern(
    struct imap_in *in, struct imap_list_options *o, struct view reference, struct view pattern)
{
	struct buf text;
	buf_init(&text, IMAP_LIST_PATTERN_MAX);
	buf_append(&text, reference);
	/* A pattern that begins at the root takes no account of the reference. */
	if (pattern.len && pattern.data[0] == '/') {
		buf_clear(&text);
		pattern = view_skip(pattern, 1);
	}
	buf_append(&text, pattern);
	struct view all = buf_view(&text), first = view_take(all, sizeof "INBOX" - 1);
	bool inbox =
	    view_equal_nocase(first, VIEW("INBOX")) && (all.len == first.len || all.data[first.len] == '/');
	if (buf_failed(&text))
		imap_in_wrong(in, "the pattern is too long");
	else if (o->pattern_count == IMAP_LIST_PATTERNS_MAX)
		imap_in_wrong(in, "[LIMIT] there are too many patterns");
	else if (!arena_copy(imap_arena(in->session), all, &o->patterns[o->pattern_count]))
		imap_in_wrong(in, "[LIMIT] the command is too large");
	else
		o->pattern_count++;
	if (!in->wrong && inbox)
		for (size_t i = 0; i < first.len; i++) /* its copy in the arena is ours */
			((char *)o->patterns[o->pattern_count - 1].data)[i] = "INBOX"[i];
	buf_done(&text);
}

void imap_in_list(struct imap_in *in, bool lsub, struct imap_list_options *o)
{
	struct view reference = {0}, pattern;
	o->lsub = o->subscribed = lsub;
	imap_in_space(in);
	if (!lsub && imap_in_next_is(in, '(')) {
		o->extended = true;
		selection(in, o);
		imap_in_space(in);
	}
	imap_in_mailbox(in, &reference);
	imap_in_space(in);
	if (!lsub && imap_in_take(in, '(')) {
		o->extended = true;
		do {
			if (imap_in_pattern(in, &pattern))
				add_pattern(in, o, reference, pattern);
		} while (imap_in_take(in, ' '));
		imap_in_char(in, ')');
	} else if (imap_in_pattern(in, &pattern)) {
		add_pattern(in, o, reference, pattern);
		o->delimiter = pattern.len == 0;
	}
	if (!lsub && imap_in_take(in, ' ')) {
		o->extended = true;
		if (!imap_in_word(in, "RETURN"))
			imap_in_wrong(in, "RETURN is missing");
		imap_in_space(in);
		returns(in, o);
	}
	o->delimiter = o->delimiter && !o->extended;
}
