/* The queue's part of a delivery's transaction: a new record, and reports that are marked as told. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "queue/queue_private.h"

/* A record of a hundred recipients, written anew or removed, its wait and its event. */
enum { SUBMITTED_WRITES = 140 };

static int compare_reports(const void *a, const void *b)
{
	return memcmp(&((const struct change_report *)a)->id, &((const struct change_report *)b)->id,
	    sizeof(struct queue_id));
}

static struct queue_record record_of(const struct queue_delivery *d, const struct queue_part *part)
{
	struct queue_record r = d->record;
	r.recipients += part->first;
	r.count = part->count;
	r.shared = true;
	/* Until its own commit it waits for nothing, and so takes few entries. */
	r.held = true;
	r.held_since = r.held_until = d->spool.now;
	r.held_by = QUEUE_SPOOLED;
	return r;
}

void queue_delivery_begin(struct queue *q, struct queue_delivery *d)
{
	d->repeated = false;
	/* Mail for mailboxes here alone, which is most of it, costs nothing. */
	d->begun = d->record.count > 0 || d->report_count > 0 || d->submits;
	if (!d->begun)
		return;
	spool_init(&d->spool, &q->config, clock_wall());
	d->spool.seed = random_u64();
	d->shard = change_shard(&d->record, &d->id);
	for (size_t i = 0; i < d->part_count; i++) {
		struct queue_record part = record_of(d, &d->parts[i]);
		d->parts[i].shard = change_shard(&part, &d->parts[i].id);
	}
	if (d->part_count > 0)
		d->shard = d->parts[0].shard;
	d->hints = NULL;
	if (d->report_count == 0)
		return;
	qsort(d->reports, d->report_count, sizeof *d->reports, compare_reports);
	d->hints = mem_array(d->report_count, sizeof *d->hints);
	for (size_t i = 0; i < d->report_count; i++) {
		const struct held *h = map_get(&q->held, queue_id_view(&d->reports[i].id));
		d->hints[i] = h ? (int8_t)h->shard : -1;
	}
}

/* Entries that a record of this size takes at most. */
static size_t record_writes(struct queue_delivery *d, const struct queue_record *r)
{
	buf_clear(&d->spool.encoded);
	if (queue_record_encode(r, &d->spool.encoded) != 0 ||
	    buf_view(&d->spool.encoded).len > QUEUE_RECORD_NEW_MAX)
		return STORE_WRITE_KEYS_MAX + 1;
	return buf_view(&d->spool.encoded).len / 1024 + 4;
}

/* And with its waits. */
static size_t new_writes(struct queue_delivery *d)
{
	size_t writes = 0;
	if (d->record.count == 0)
		return 0;
	if (d->part_count == 0)
		return record_writes(d, &d->record) + 4 * d->record.count;
	for (size_t i = 0; i < d->part_count; i++) {
		struct queue_record part = record_of(d, &d->parts[i]);
		writes += record_writes(d, &part);
	}
	return writes;
}

int queue_delivery_check(struct txn *t, struct queue_delivery *d, size_t others)
{
	struct view value;
	struct queue_key key = queue_key_record(&d->id, 0);
	if (!d->begun)
		return 0;
	spool_begin(&d->spool, t);
	d->repeated = false;
	if (d->record.count > 0) {
		int error = txn_get(t, queue_shard(d->shard), queue_key_view(&key), &value);
		d->repeated = error == 0;
		if (error && error != -ENOENT)
			return error;
	}
	if (d->submits) {
		int error = change_submission(&d->spool, queue_home(QUEUE_SUBMIT), &d->submitted,
		    d->submitted_recipients, d->submitted_count, &d->submitter);
		if (error)
			return error;
		d->record.submitter = d->submitter.account;
		d->record.submission = d->submitter.submission;
	}
	d->spool.reserved = others;
	size_t told = d->submits ? SUBMITTED_WRITES : 0;
	for (size_t i = 0; i < d->report_count; i++)
		told += i == 0 || compare_reports(&d->reports[i - 1], &d->reports[i]) != 0 ? 8 : 0;
	return others + new_writes(d) + told > STORE_WRITE_KEYS_MAX ? -EMSGSIZE : 0;
}

static int tell(struct queue_delivery *d, size_t first, size_t count)
{
	struct spool *s = &d->spool;
	const struct queue_id *id = &d->reports[first].id;
	unsigned shard = 0;
	int error;
	if (d->hints[first] >= 0)
		shard = (unsigned)d->hints[first];
	else if ((error = spool_find(s, id, &shard)) != 0)
		return error == -ENOENT ? 0 : error;
	struct queue_note **notes_end = s->notes_end;
	error = change_told(s, shard, id, d->reports + first, count);
	for (struct queue_note *n = *notes_end; n; n = n->next)
		spool_note_text(s, &n->dsn, queue_id_view(&d->id));
	/* A damaged record, or one too many: that it was told is lost, and it is told again. The report
	 * itself goes out. */
	return error == -EBADMSG || error == -E2BIG || error == -EMSGSIZE ? 0 : error;
}

int queue_delivery_run(struct txn *t, struct queue_delivery *d)
{
	int error = 0;
	if (!d->begun)
		return 0;
	d->spool.txn = t;
	if (d->record.count > 0 && !d->repeated) {
		d->record.blob = blob_is_none(&d->body) ? txn_body(t, d->upload) : d->body;
		if (d->part_count == 0)
			error = change_add(&d->spool, d->shard, &d->id, &d->record);
	}
	for (size_t i = 0; i < d->part_count && error == 0 && !d->repeated; i++) {
		struct queue_record part = record_of(d, &d->parts[i]);
		error = change_add(&d->spool, d->parts[i].shard, &d->parts[i].id, &part);
	}
	if (error == 0 && d->submits)
		error = change_submitted(&d->spool, queue_home(QUEUE_SUBMIT), &d->submitted,
		    d->submitted_recipients, d->submitted_count, &d->id);
	for (size_t i = 0, n; i < d->report_count && error == 0; i += n) {
		for (n = 1;
		     i + n < d->report_count && compare_reports(&d->reports[i], &d->reports[i + n]) == 0; n++)
			;
		error = tell(d, i, n);
	}
	return error;
}

/* What has been told needs no outcome. */
static void end_told(struct queue *q, const struct queue_delivery *d)
{
	struct destination *notify = queue_destination_named(q, QUEUE_NOTIFY);
	for (size_t i = 0; notify && i < d->report_count; i++) {
		struct lease *l = queue_lease_of(q, notify, &d->reports[i].id);
		if (l && !l->decided)
			queue_lease_free(q, l);
	}
	if (notify)
		queue_destination_drop(q, notify);
}

/* What has been handed in whole needs no outcome either. */
static void end_submitted(struct queue *q, const struct queue_delivery *d)
{
	struct destination *submit = d->submits ? queue_destination_named(q, QUEUE_SUBMIT) : NULL;
	struct lease *l = submit && d->submitter.whole ? queue_lease_of(q, submit, &d->submitted) : NULL;
	if (l && !l->decided)
		queue_lease_free(q, l);
	if (submit)
		queue_destination_drop(q, submit);
}

void queue_delivery_done(struct queue *q, struct queue_delivery *d, int result)
{
	if (!d->begun)
		return;
	if (result == 0) {
		queue_take_effects(q, &d->spool);
		end_told(q, d);
		end_submitted(q, d);
	}
	spool_done(&d->spool);
	mem_free(d->hints);
	d->begun = false;
}
