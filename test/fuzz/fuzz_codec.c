/* Our own messages: whatever the bytes, a message decodes completely or not at all, and what decodes encodes
 * to the same bytes. */
#include "fuzz.h"

#include "process/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_Alignas(16) char message[1024];
	struct arena arena;
	if (size < 2)
		return 0;
	struct channel_frame frame = {
	    .type = (uint16_t)(data[0] << 8 | data[1]), .payload = view_of(data + 2, size - 2), .fd = -1};
	arena_init(&arena, 1 << 20);
	if (ipc_decode_as(&frame, NULL, sizeof message, message, &arena) == 0) {
		struct buf again;
		buf_init(&again, 1 << 20);
		check(ipc_encode(&again, frame.type, message) == 0);
		check(view_equal(buf_view(&again), frame.payload));
		buf_done(&again);
	}
	arena_done(&arena);
	return 0;
}
