/* See right_appended.h. */
#include "role/store/right_appended.h"

#include <errno.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "mime/trailer.h"
#include "role/store/question.h"

int appended_take(struct appended *a, struct right *r, const struct mail_append *m)
{
	struct account_delivery *d = &a->delivery;
	struct cursor references = cursor_on(m->references);
	size_t count;
	d->upload = r ? right_upload_claim(r, m->upload) : NULL;
	int error = d->upload || r == NULL ? 0 : -EIO;
	d->body_len = d->upload ? store_upload_length(d->upload) : 0;
	if (d->upload && m->trailer.len > 0)
		error = store_upload_append(d->upload, m->trailer);
	/* Each octet can grow by one, and the last line get an end. */
	if (error == 0 && r && m->text_growth > (m->binary ? d->body_len + 2 : 0))
		error = -EINVAL;
	a->keywords = mem_string(m->keywords);
	struct view structure = trailer_short_structure(m->trailer);
	a->summary = mem_string(m->summary);
	a->structure = mem_string(structure);
	if (!question_keywords(view_of(a->keywords, m->keywords.len), a->words, &count))
		error = -EMLINK;
	while (!cursor_at_end(&references) && d->reference_count < MESSAGE_REFERENCES_MAX)
		a->references[d->reference_count++] = cursor_u64(&references);
	if (error == 0)
		error = annotations_take(&a->annotations, m->annotations);
	if (error)
		return error;
	d->internaldate = (int64_t)m->internaldate;
	d->binary = m->binary;
	d->text_growth = m->text_growth;
	d->summary = view_of(a->summary, m->summary.len);
	d->structure = view_of(a->structure, structure.len);
	d->message_id_hash = m->message_id_hash;
	d->references = a->references;
	d->targets = &a->target;
	d->target_count = 1;
	a->target.places = &a->place;
	a->target.place_count = 1;
	a->place.flags = m->flags & FLAGS_SYSTEM;
	a->place.keywords = a->words;
	a->place.keyword_count = count;
	return 0;
}

void appended_free(struct appended *a, bool given)
{
	if (!given)
		store_upload_abort(a->delivery.upload);
	mem_free(a->keywords);
	mem_free(a->summary);
	mem_free(a->structure);
	annotations_taken_free(&a->annotations);
}
