/* See muted.h. */
#include "account/muted.h"

#include <errno.h>

#include "account/email_look.h"

/* The two keywords' numbers, of those that the account has. */
struct muted_words {
	uint32_t muted, followed;
	bool has_followed;
};

static bool has_number(uint64_t flags, const struct account_more *more, uint32_t number)
{
	if (number < FLAG_KEYWORDS)
		return flags & FLAG_KEYWORD << number;
	for (size_t i = 0; i < more->count; i++)
		if (more->numbers[i] == number)
			return true;
	return false;
}

/* What was found so far. */
struct muted_found {
	bool muted, followed;
};

static int look_at_place(struct email_look *l, const struct muted_words *words,
    const struct account_place *place, struct muted_found *found)
{
	static const struct account_message none; /* its fixed flags are no keywords */
	struct account_more more;
	uint64_t flags, modseq;
	int error = look_flags(l, place, &none, &flags, &modseq);
	if (error == 0)
		error = look_more(l, place, flags, &more);
	if (error)
		return error;
	found->muted = found->muted || has_number(flags, &more, words->muted);
	found->followed =
	    found->followed || (words->has_followed && has_number(flags, &more, words->followed));
	return 0;
}

static int look_at_email(
    struct email_look *l, const struct muted_words *words, uint64_t emailid, struct muted_found *found)
{
	struct account_places places = {.count = 0};
	int error = email_places(l->txn, l->shard, emailid, &places);
	for (size_t i = 0; i < places.count && error == 0; i++)
		error = look_at_place(l, words, &places.at[i], found);
	return error == -ENOENT || error == -EBADMSG ? 0 : error; /* what is damaged says nothing */
}

/* Without a word for $followed one email that is muted is enough. */
static bool is_decided(const struct muted_words *words, const struct muted_found *found)
{
	return found->followed || (found->muted && !words->has_followed);
}

static int look_at_thread(
    struct account_change *c, const struct muted_words *words, uint64_t thread, bool *muted)
{
	struct email_look look;
	struct muted_found found = {.muted = false};
	uint64_t ids[ACCOUNT_MUTED_LOOKS];
	size_t count;
	look_init(&look, c->txn, c->shard, NULL);
	/* The email that gave the thread its number is not among the members. */
	int error = look_at_email(&look, words, thread, &found);
	if (error == 0)
		error = thread_members(c->txn, c->shard, thread, 0, ids, ACCOUNT_MUTED_LOOKS - 1, &count);
	for (size_t i = 0; error == 0 && i < count && !is_decided(words, &found); i++)
		error = look_at_email(&look, words, ids[i], &found);
	*muted = error == 0 && found.muted && !found.followed;
	return error;
}

/* 0 with *muted, and the number of the keyword. Most accounts have no such keyword, and cost one look. */
static int is_muted(
    struct account_change *c, const struct account_email *email, uint32_t *keyword, bool *muted)
{
	struct muted_words words = {.has_followed = false};
	uint64_t thread = 0;
	*muted = false;
	int error = c->head.keywords ? keywords_find(c, VIEW("$muted"), &words.muted) : -ENOENT;
	if (error == 0)
		error = message_thread(c, email, &thread);
	if (error || thread == 0)
		return error == -ENOENT || error == -EBADMSG ? 0 : error;
	error = keywords_find(c, VIEW("$followed"), &words.followed);
	words.has_followed = error == 0;
	*keyword = words.muted;
	if (error && error != -ENOENT && error != -EBADMSG)
		return error;
	return look_at_thread(c, &words, thread, muted);
}

/* INBOX becomes the archive, which may be among them already. */
static int move_to_archive(struct account_change *c, struct message_place *places, size_t *count, bool *moved)
{
	struct change_mailbox *box;
	uint32_t archive = c->head.roles[MAILBOX_ROLE_ARCHIVE];
	struct message_place *inbox = NULL, *there = NULL;
	for (size_t i = 0; i < *count; i++) {
		inbox = places[i].mailbox == MAILBOX_INBOX ? &places[i] : inbox;
		there = archive && places[i].mailbox == archive ? &places[i] : there;
	}
	int error = archive && inbox ? change_mailbox(c, archive, &box) : -ENOENT;
	if (error)
		return error == -ENOENT ? 0 : error;
	*moved = true;
	inbox->mailbox = archive;
	if (there == NULL)
		return 0;
	/* The flags that were wanted there as well. */
	inbox->flags.bits |= there->flags.bits & ~FLAG_MORE;
	for (size_t i = 0; i < there->flags.more.count && error == 0; i++)
		error = keywords_add(&inbox->flags, there->flags.more.numbers[i]);
	for (; there + 1 < places + *count; there++)
		there[0] = there[1];
	(*count)--;
	return error == -EMLINK ? 0 : error;
}

int muted_heed(struct account_change *c, const struct account_email *email, struct message_place *places,
    size_t *count, bool mark, bool *moved)
{
	uint32_t keyword;
	bool muted;
	*moved = false;
	int error = is_muted(c, email, &keyword, &muted);
	if (error || !muted)
		return error;
	error = move_to_archive(c, places, count, moved);
	for (size_t i = 0; mark && i < *count && error == 0; i++) {
		error = keywords_add(&places[i].flags, keyword);
		error = error == -EMLINK ? 0 : error; /* it has as many as it may have */
	}
	return error;
}
