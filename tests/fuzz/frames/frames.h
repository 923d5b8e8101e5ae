/* The steps of fuzz_frames: an input is read byte by byte, and frames are put together from it. */
#ifndef FUZZ_FRAMES_H
#define FUZZ_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#define FRAME_ROOM 65600

/** The frame that the device gives next; of frame_size 0 bytes: none. */
extern uint8_t frame[FRAME_ROOM];
extern size_t frame_size;

/** What is left of the input is [@data, @data + @size). */
void input_is(const uint8_t *data, size_t size);
size_t input_left(void);
/** The next number of the input; 0 behind its end. */
unsigned take(void);
unsigned take16(void);

/** Each builds a frame. */
void frame_raw(void);
void frame_segment(void);
/** A segment that acknowledges selectively, blocks that cannot be among them; or the SYN of a connection. */
void frame_sack(void);
void frame_datagram(void);
void frame_fragment(void);
/** ARP, ICMP, ICMPv6 with neighbour discovery, extension headers of IPv6, an answer of a DHCP server. */
void frame_control(void);

#endif
