/*
 * The text of a request becomes a tree (RFC 8620 section 3.3), strictly as I-JSON (RFC 7493) wants it. A tree
 * takes far more memory than its text, "[[[]]]" a hundred times as much, so what it will take is reckoned
 * before it is built.
 */
#include "jmap/jmap_state.h"

#include <string.h>

/* ---- the text ---- */

enum { VALUE_OCTETS = 96, ARRAY_OCTETS = 160, OBJECT_OCTETS = 400 };

static size_t skip_string(struct view text, size_t i)
{
	while (++i < text.len && text.data[i] != '"')
		if (text.data[i] == '\\')
			i++;
	return i;
}

bool jmap_scan(struct view text, size_t *octets)
{
	size_t depth = 0, deepest = 0, sum = VALUE_OCTETS + text.len;

	for (size_t i = 0; i < text.len; i++)
		switch (text.data[i]) {
		case '"':
			i = skip_string(text, i);
			break;
		case '{':
		case '[':
			sum += text.data[i] == '{' ? OBJECT_OCTETS : ARRAY_OCTETS;
			deepest = ++depth > deepest ? depth : deepest;
			break;
		case '}':
		case ']':
			depth -= depth > 0;
			break;
		case ',':
		case ':':
			sum += VALUE_OCTETS;
			break;
		default:
			break;
		}
	*octets = sum;
	return deepest <= JMAP_JSON_DEPTH_MAX;
}

json_t *jmap_parse(struct view text, bool *no_memory)
{
	json_error_t error;
	json_t *value = json_loadb(
	    text.data, text.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);

	*no_memory = value == NULL && json_error_code(&error) == json_error_out_of_memory;
	return value;
}

/* ---- the request object ---- */

static bool is_string_map(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key,
	    value) if (!jmap_is_id(view_from_string(key)) || !jmap_is_id(jmap_string(value))) return false;
	return true;
}

static bool is_call(const json_t *call)
{
	return json_is_array(call) && json_array_size(call) == 3 && json_is_string(json_array_get(call, 0)) &&
	       json_is_object(json_array_get(call, 1)) && json_is_string(json_array_get(call, 2));
}

/* Methods of administration say themselves that they are not for everybody. */
static bool can_be_used(const struct jmap_session *s, enum jmap_capability capability)
{
	return capability == JMAP_ADMINISTRATION || jmap_capability_is_true(s, capability);
}

static bool take_using(struct jmap_request *r, const json_t *using, struct jmap_problem *problem)
{
	size_t i;
	json_t *name;

	json_array_foreach(using, i, name)
	{
		size_t k = 0;
		if (!json_is_string(name)) {
			*problem = (struct jmap_problem){
			    "notRequest", "\"using\" holds something else than strings", NULL};
			return false;
		}
		while (k < JMAP_CAPABILITIES &&
		       (!view_equal(jmap_string(name), view_from_string(jmap_capability_names[k])) ||
		           !can_be_used(r->session, (enum jmap_capability)k)))
			k++;
		if (k == JMAP_CAPABILITIES) {
			*problem = (struct jmap_problem){"unknownCapability",
			    "\"using\" names a capability that this server does not have", NULL};
			return false;
		}
		r->uses |= 1u << k;
	}
	return true;
}

static bool take_request(struct jmap_request *r, struct jmap_problem *problem)
{
	const json_t *using = json_object_get(r->root, "using"),
	             *created = json_object_get(r->root, "createdIds");
	size_t i;
	json_t *call;

	problem->type = "notRequest";
	r->calls = json_object_get(r->root, "methodCalls");
	if (!json_is_object(r->root))
		problem->detail = "the request is not an object";
	else if (!json_is_array(using))
		problem->detail = "\"using\" is missing, or is not a list";
	else if (!json_is_array(r->calls))
		problem->detail = "\"methodCalls\" is missing, or is not a list";
	else if (created && !json_is_null(created) && (!json_is_object(created) || !is_string_map(created)))
		problem->detail = "\"createdIds\" is not a map of ids";
	if (problem->detail)
		return false;
	problem->type = NULL;
	json_array_foreach(r->calls, i, call) if (!is_call(call))
	{
		*problem = (struct jmap_problem){
		    "notRequest", "a method call is not a list of a name, arguments and an id", NULL};
		return false;
	}
	if (json_array_size(r->calls) > JMAP_CALLS_MAX) {
		*problem = (struct jmap_problem){
		    "limit", "the request holds too many method calls", "maxCallsInRequest"};
		return false;
	}
	if (!take_using(r, using, problem))
		return false;
	r->tells_created = json_is_object(created);
	r->created = r->tells_created ? json_incref((json_t *)(uintptr_t)created) : json_object();
	return r->created != NULL;
}

bool jmap_parse_request(struct jmap_request *r, struct view body, struct jmap_problem *problem)
{
	struct jmap_session *s = r->session;
	size_t octets;
	bool no_memory;

	*problem = (struct jmap_problem){0};
	if (body.len > JMAP_SIZE_REQUEST_MAX)
		*problem = (struct jmap_problem){"limit", "the request is too large", "maxSizeRequest"};
	else if (!jmap_scan(body, &octets))
		*problem = (struct jmap_problem){"notRequest", "lists and objects nest too deeply", NULL};
	else if (octets > JMAP_TREE_MAX)
		*problem =
		    (struct jmap_problem){"limit", "the request holds too many values", "maxSizeRequest"};
	else if (octets > JMAP_SESSION_TREES_MAX - s->trees)
		*problem = (struct jmap_problem){"limit",
		    "other large requests are being carried out; wait for them", "maxConcurrentRequests"};
	if (problem->type)
		return false;
	r->root = jmap_parse(body, &no_memory);
	if (no_memory)
		return false;
	if (r->root == NULL) {
		*problem =
		    (struct jmap_problem){"notJSON", "the request is not JSON as RFC 7493 has it", NULL};
		return false;
	}
	r->tree = octets;
	s->trees += octets;
	if (r->websocket) {
		const json_t *id = json_object_get(r->root, "id");
		r->id = jmap_string(id);
		if (id && !json_is_string(id)) {
			*problem = (struct jmap_problem){"notRequest", "\"id\" is not a string", NULL};
			return false;
		}
	}
	return take_request(r, problem);
}

void jmap_put_problem(struct jmap_request *r, const struct jmap_problem *problem)
{
	struct json_out w = json_out_on(r->out);
	char type[80] = "urn:ietf:params:jmap:error:";

	strncat(type, problem->type, sizeof type - strlen(type) - 1);
	json_out_object(&w);
	if (r->websocket) {
		json_out_name(&w, VIEW("@type"));
		json_out_string(&w, VIEW("RequestError"));
		json_out_name(&w, VIEW("requestId"));
		if (r->id.data)
			json_out_string(&w, r->id);
		else
			json_out_null(&w);
	}
	json_out_name(&w, VIEW("type"));
	json_out_string(&w, view_from_string(type));
	if (problem->limit) {
		json_out_name(&w, VIEW("limit"));
		json_out_string(&w, view_from_string(problem->limit));
	}
	json_out_name(&w, VIEW("status"));
	json_out_number(&w, 400);
	json_out_name(&w, VIEW("detail"));
	json_out_string(&w, view_from_string(problem->detail));
	json_out_end(&w);
}
