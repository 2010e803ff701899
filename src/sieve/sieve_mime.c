/*
 * A field is taken apart for the tests that ask for a piece of it: those are few, and each field is short.
 * Fields of other names than the two of RFC 5703 section 4.1 have no such pieces: they are blank.
 */
#include "sieve/sieve_mime.h"

enum {
	PARAMETER_TEXT_MAX = 3 * PARAMETER_VALUE_MAX, /* in the longest form of UTF-8 */
	PIECES_MAX = 4 * MIME_FIELD_MAX,              /* of one field: its texts, and the list of them */
};

const struct sieve_tag sieve_mime_tags[] = {
    {"mime", SIEVE_X_MIME, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"anychild", SIEVE_X_MIME, 0, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"type", SIEVE_X_MIME, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"subtype", SIEVE_X_MIME, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"contenttype", SIEVE_X_MIME, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, false},
    {"param", SIEVE_X_MIME, 1, {"names of parameters", SIEVE_STRING_LIST, SIEVE_USE_TEXT}, false},
};

void sieve_check_mime(struct sieve_checker *c, struct sieve_step *step)
{
	if (sieve_tag(step, SIEVE_MIME_MIME)->kind != SIEVE_ABSENT)
		return;
	for (size_t i = SIEVE_MIME_ANYCHILD; i < step->word->tag_count && i <= SIEVE_MIME_PARAM; i++)
		if (sieve_tag(step, i)->kind != SIEVE_ABSENT)
			sieve_check_error(c, sieve_tag(step, i)->place,
			    ":%s needs :mime beside it: it looks into MIME fields", step->word->tags[i].name);
}

size_t sieve_mime_end(const struct mime_tree *tree, size_t part)
{
	size_t end = part + 1;

	while (end < tree->count && tree->parts[end].depth > tree->parts[part].depth)
		end++;
	return end;
}

bool sieve_mime_scope(struct sieve_run *run, const struct sieve_step *step, struct sieve_scope *scope)
{
	const struct mime_tree *tree;

	*scope = (struct sieve_scope){0, 1};
	if (sieve_tag(step, SIEVE_MIME_MIME)->kind == SIEVE_ABSENT)
		return true;
	if (run->loop)
		*scope = (struct sieve_scope){run->loop->part, run->loop->part + 1};
	if (sieve_tag(step, SIEVE_MIME_ANYCHILD)->kind == SIEVE_ABSENT)
		return true;
	if (sieve_message_tree(run->message, &tree) != 0) {
		sieve_run_no_memory(run);
		return false;
	}
	scope->to = sieve_mime_end(tree, scope->from);
	return true;
}

bool sieve_mime_wants_piece(const struct sieve_step *step)
{
	for (size_t i = SIEVE_MIME_TYPE; i < step->word->tag_count && i <= SIEVE_MIME_PARAM; i++)
		if (sieve_tag(step, i)->kind != SIEVE_ABSENT)
			return true;
	return false;
}

/* ---- pieces ---- */

/* The two fields in one form: a disposition has no subtype. */
static bool take_apart(
    struct sieve_run *run, const struct sieve_field *field, struct arena *arena, struct media_type *pieces)
{
	struct view body = view_take(field->body, MIME_FIELD_MAX);
	bool defective = false;
	int result = 0;

	*pieces = (struct media_type){0};
	if (view_equal_nocase(field->name, VIEW("Content-Type")))
		result = media_type_parse(body, arena, pieces, &defective);
	else if (view_equal_nocase(field->name, VIEW("Content-Disposition")))
		result =
		    content_disposition_parse(body, arena, &pieces->type, &pieces->parameters, &defective);
	if (result != 0)
		sieve_run_no_memory(run);
	return result == 0;
}

static enum sieve_truth match_parameter(
    struct sieve_matching *m, const struct parameters *parameters, struct view name)
{
	enum sieve_truth truth = SIEVE_FALSE;
	struct buf text;

	if (!sieve_run_text(m->run, name, &name))
		return SIEVE_BROKEN;
	buf_init(&text, PARAMETER_TEXT_MAX);
	if (parameter_text(parameters, name, &text))
		truth = sieve_matching_value(m, buf_view(&text));
	buf_done(&text);
	return truth;
}

static enum sieve_truth match_whole_type(struct sieve_matching *m, const struct media_type *pieces)
{
	struct buf joined;
	enum sieve_truth truth;

	if (view_empty(pieces->subtype))
		return sieve_matching_value(m, pieces->type);
	buf_init(&joined, MIME_FIELD_MAX + 1);
	buf_append(&joined, pieces->type);
	buf_append(&joined, VIEW("/"));
	buf_append(&joined, pieces->subtype);
	truth =
	    buf_failed(&joined) ? sieve_run_no_memory(m->run) : sieve_matching_value(m, buf_view(&joined));
	buf_done(&joined);
	return truth;
}

static enum sieve_truth match_pieces(struct sieve_matching *m, const struct media_type *pieces)
{
	const struct sieve_value *names = sieve_tag(m->step, SIEVE_MIME_PARAM);
	enum sieve_truth truth = SIEVE_FALSE;

	if (sieve_tag(m->step, SIEVE_MIME_TYPE)->kind != SIEVE_ABSENT)
		return sieve_matching_value(m, pieces->type);
	if (sieve_tag(m->step, SIEVE_MIME_SUBTYPE)->kind != SIEVE_ABSENT)
		return sieve_matching_value(m, pieces->subtype);
	if (sieve_tag(m->step, SIEVE_MIME_CONTENTTYPE)->kind != SIEVE_ABSENT)
		return match_whole_type(m, pieces);
	for (uint32_t i = 0; i < names->count && truth == SIEVE_FALSE; i++)
		truth = match_parameter(m, &pieces->parameters, names->strings[i]);
	return truth;
}

/* The pieces live as long as the test: a loop asks for those of each part again and again. */
enum sieve_truth sieve_mime_match(struct sieve_matching *m, const struct sieve_field *field)
{
	enum sieve_truth truth = SIEVE_BROKEN;
	struct media_type pieces;
	struct arena arena;

	if (!sieve_run_work(m->run, field->body.len / 16 + 1))
		return SIEVE_BROKEN;
	arena_init(&arena, PIECES_MAX);
	if (take_apart(m->run, field, &arena, &pieces))
		truth = match_pieces(m, &pieces);
	arena_done(&arena);
	return truth;
}
