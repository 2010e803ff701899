/* What a method asks of the call that it carries out. */
#include "jmap/jmap_state.h"

#include "base/mem.h"

struct jmap_session *jmap_session_of(struct jmap_call *c)
{
	return c->request->session;
}

const struct jmap_account *jmap_account(struct jmap_call *c)
{
	return &c->account;
}

int64_t jmap_now(struct jmap_call *c)
{
	return c->request->session->host->now(c->request->session->arg);
}

int64_t jmap_delay_max(struct jmap_call *c)
{
	return (int64_t)c->request->session->config.delay_max;
}

bool jmap_uses(struct jmap_call *c, enum jmap_capability capability)
{
	return c->request->uses >> capability & 1;
}

const char *jmap_method_name(struct jmap_call *c)
{
	return c->method->name;
}

uint64_t jmap_blob_set_max(const struct jmap_session *s)
{
	return s->config.message_max;
}

void *jmap_call_data(struct jmap_call *c, size_t size, void (*release)(void *data))
{
	c->data = mem_alloc(size);
	c->release = release;
	return c->data;
}

void *jmap_data(struct jmap_call *c)
{
	return c->data;
}

struct arena *jmap_arena(struct jmap_call *c)
{
	return &c->arena;
}

/* ---- creation ids ---- */

struct view jmap_creation(struct jmap_call *c, struct view reference)
{
	struct view copy;

	if (reference.len == 0 || reference.data[0] != '#')
		return reference;
	if (!arena_copy(&c->arena, view_skip(reference, 1), &copy))
		return (struct view){0};
	return jmap_string(json_object_get(c->request->created, copy.data));
}

void jmap_created(struct jmap_call *c, struct view key, struct view id)
{
	struct view copy;

	if (arena_copy(&c->arena, key, &copy))
		(void)json_object_set_new(c->request->created, copy.data, json_stringn(id.data, id.len));
}

/* ---- calls behind this one ---- */

void jmap_then(struct jmap_call *c, const char *method, json_t *arguments)
{
	struct jmap_request *r = c->request;

	if (c->ended || arguments == NULL || r->then_first + r->then_count == JMAP_THEN_MAX) {
		json_decref(arguments);
		return;
	}
	r->then[r->then_first + r->then_count++] = (struct jmap_then){method, arguments, c->id};
}
