/* What a message of a WebSocket is (RFC 8887 section 4). */
#include "jmap/jmap_state.h"

enum {
	PUSH_MESSAGE_MAX = 64 * 1024 /* octets of a message that is no request: names of some twenty types */
};

enum jmap_ws_message jmap_websocket_message(
    struct view text, void (*data_type)(void *arg, struct view name), void *arg, struct buf *push_state)
{
	enum jmap_ws_message what = JMAP_WS_REQUEST;
	size_t octets, i;
	bool no_memory;
	json_t *message, *name;

	/* What is larger is a request, and is parsed there, once. */
	if (text.len > PUSH_MESSAGE_MAX || !jmap_scan(text, &octets))
		return JMAP_WS_REQUEST;
	message = jmap_parse(text, &no_memory);
	struct view type = jmap_string(json_object_get(message, "@type"));
	if (view_equal(type, VIEW("WebSocketPushDisable"))) {
		what = JMAP_WS_PUSH_DISABLE;
	} else if (view_equal(type, VIEW("WebSocketPushEnable"))) {
		const json_t *types = json_object_get(message, "dataTypes");
		what = JMAP_WS_PUSH_ENABLE;
		if (!json_is_array(types))
			data_type(arg, VIEW("*"));
		json_array_foreach(types, i, name) data_type(arg, jmap_string(name));
		(void)buf_append(push_state, jmap_string(json_object_get(message, "pushState")));
	}
	json_decref(message);
	return what;
}
