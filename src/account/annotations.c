/* Setting and reading annotations, in slices: see annotations.h. */
#include "account/annotations.h"

#include <errno.h>

#include "account/annotation_entries.h"
#include "account/message.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

enum {
	LOOK_AT_ONCE = 8192, /* messages that one transaction looks at */
	FEW = 10             /* whoever changes a few doesn't wait for others */
};

/* 0; 1 when the slice ends before this message. */
static int annotate_one(
    struct account_change *c, struct change_mailbox *box, struct account_annotate *a, uint32_t uid)
{
	struct message_flags flags;
	uint64_t modseq;
	bool conditional = a->unchanged_since != UINT64_MAX;
	int error = message_get_flags(c, box, uid, conditional, &flags, &modseq);
	if (error)
		return error == -ENOENT ? 0 : error;
	if (conditional && modseq > a->unchanged_since) {
		a->failed[a->failed_count + a->slice_failed++] = uid;
		return 0;
	}
	if (a->slice_changed > 0 &&
	    c->writes + a->entry_count + 4 + 2 * flags.more.count + CHANGE_END_WRITES > STORE_SLICE_KEYS)
		return 1;
	error = annotations_check(c, a, uid);
	/* A refusal comes before the first write. */
	if (error && a->slice_changed > 0 && (error == -EMLINK || error == -EDQUOT))
		return 1;
	if (error == 0)
		error = annotations_set(c, a, uid);
	/* The message has changed: its modseq grows, and sessions look at it again. */
	if (error == 0)
		error = message_set_flags(c, box, uid, &flags, &flags);
	if (error)
		return error;
	a->done_uids[a->changed + a->slice_changed++] = uid;
	a->slice_modseq = c->head.modseq;
	return 0;
}

static int run_annotate(struct txn *t, void *arg)
{
	struct account_annotate *a = arg;
	struct account_change c;
	struct change_mailbox *box;
	a->slice_changed = a->slice_failed = 0;
	a->slice_modseq = 0;
	a->slice_next = a->next;
	int error = change_begin(&c, t, a->shard, a->now);
	if (error == 0)
		error = change_mailbox(&c, a->mailbox, &box);
	while (error == 0 && a->slice_next < a->uid_count && a->slice_next - a->next < LOOK_AT_ONCE) {
		error = annotate_one(&c, box, a, a->uids[a->slice_next]);
		a->slice_next += error == 0;
	}
	return error < 0 ? error : change_end(&c);
}

static void annotated(struct store_commit *commit, int result)
{
	struct account_annotate *a = container_of(commit, struct account_annotate, commit);
	if (result == 0) {
		a->changed += a->slice_changed;
		a->failed_count += a->slice_failed;
		a->modseq = a->slice_modseq ? a->slice_modseq : a->modseq;
		a->next = a->slice_next;
	}
	if (result || a->next == a->uid_count)
		a->done(a, result);
	else
		store_commit(a->accounts->store, commit);
}

static bool fit(const struct account_annotate *a)
{
	for (size_t i = 0; i < a->entry_count; i++)
		if (a->entries[i].name.len == 0 || a->entries[i].name.len > MAIL_ANNOTATION_NAME_MAX ||
		    a->entries[i].value.len > MAIL_ANNOTATION_VALUE_MAX)
			return false;
	return a->entry_count <= MAIL_ANNOTATIONS_OF_MESSAGE;
}

/* A request that is refused without a look is answered like all others: in store_dispatch. */
static int run_refuse(struct txn *t, void *arg)
{
	(void)t, (void)arg;
	return -EMSGSIZE;
}

void account_annotate(struct accounts *accounts, struct account_annotate *a)
{
	a->accounts = accounts;
	a->now = clock_wall();
	a->changed = a->failed_count = a->next = 0;
	a->modseq = 0;
	a->commit = (struct store_commit){.run = fit(a) ? run_annotate : run_refuse,
	    .arg = a,
	    .large = a->uid_count > FEW,
	    .done = annotated};
	store_commit(accounts->store, &a->commit);
}

/* ---- reading ---- */

/* Places in the texts, which may still move. */
static int copy_text(struct account_annotations *a, struct view text, struct view *out)
{
	*out = view_of((const char *)(uintptr_t)a->texts->len, text.len);
	return buf_append(a->texts, text);
}

static int add_entry(void *arg, struct view key, struct view value)
{
	struct account_annotations *a = arg;
	struct account_annotated *out = &a->items[a->count];
	struct account_value found;
	struct view name;
	uint32_t mailbox, uid;
	uint64_t user;
	if (!key_read_annotation(key, &mailbox, &uid, &user, &name))
		return -EBADMSG;
	/* All of a message are of one read. */
	if (a->at != uid && a->seen + MAIL_ANNOTATIONS_OF_MESSAGE > ACCOUNT_ANNOTATIONS_READ) {
		a->next = uid;
		return 1;
	}
	a->at = uid;
	a->seen++;
	if ((user != 0 && user != a->user) || value_decode(value, &found) != 0)
		return 0;
	*out = (struct account_annotated){.uid = uid, .shared = user == 0};
	int error = copy_text(a, name, &out->name);
	if (error == 0)
		error = copy_text(a, found.text, &out->value);
	a->count += error == 0;
	return error;
}

static int run_read(struct txn *t, void *arg)
{
	struct account_annotations *a = arg;
	struct account_head head;
	struct account_mailbox box;
	struct account_key from = key_annotation(a->mailbox, a->first, 0, (struct view){0}),
	                   to = key_annotations_behind(a->mailbox, a->last);
	struct txn_range range = {.shard = a->shard,
	    .from = key_view(&from),
	    .to = key_view(&to),
	    .limit = ACCOUNT_ANNOTATIONS_READ + 1}; /* the last one says where to go on */
	a->count = a->seen = 0;
	a->next = a->at = 0;
	buf_clear(a->texts);
	int error = head_get(t, a->shard, &head);
	if (error == 0)
		error = mailbox_get(t, a->shard, a->mailbox, &box);
	if (error || head.annotations == 0)
		return error;
	error = txn_range(t, &range, add_entry, a);
	return error < 0 ? error : 0;
}

static void texts_read(struct store_read *read, int result)
{
	struct account_annotations *a = container_of(read, struct account_annotations, read);
	const char *texts = buf_view(a->texts).data;
	for (size_t i = 0; i < a->count && result == 0; i++) {
		a->items[i].name.data = texts + (uintptr_t)a->items[i].name.data;
		a->items[i].value.data = texts + (uintptr_t)a->items[i].value.data;
	}
	if (result)
		account_annotations_free(a);
	a->done(a, result);
}

void account_annotations(struct accounts *accounts, struct account_annotations *a)
{
	a->items = mem_array(ACCOUNT_ANNOTATIONS_READ, sizeof *a->items);
	a->texts = mem_alloc(sizeof *a->texts);
	buf_init(a->texts, ACCOUNT_ANNOTATIONS_READ * STORE_ENTRY_MAX);
	a->read = (struct store_read){.shard = a->shard, .run = run_read, .arg = a, .done = texts_read};
	store_read(accounts->store, &a->read);
}

void account_annotations_free(struct account_annotations *a)
{
	mem_free(a->items);
	if (a->texts)
		buf_done(a->texts);
	mem_free(a->texts);
	a->items = NULL;
	a->texts = NULL;
	a->count = 0;
}
