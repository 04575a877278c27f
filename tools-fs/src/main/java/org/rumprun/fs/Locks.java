// SPDX-License-Identifier: BSD-2-Clause
package org.rumprun.fs;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Locks on files of one file system. An image has one owner, so nobody outside this program can
 * hold any, and inside overlapping ones are an error, as FileLock has it.
 */
final class Locks {
    private final Map<RumpAttributes.Key, List<Held>> held = new HashMap<>();

    final class Held extends FileLock {
        private final RumpAttributes.Key file;
        private boolean valid = true;

        Held(
                RumpFileChannel channel,
                RumpAttributes.Key file,
                long position,
                long size,
                boolean shared) {
            super(channel, position, size, shared);
            this.file = file;
        }

        @Override
        public boolean isValid() {
            synchronized (Locks.this) {
                return valid && channel().isOpen();
            }
        }

        @Override
        public void release() throws IOException {
            if (!acquiredBy().isOpen()) {
                throw new ClosedChannelException();
            }
            drop();
        }

        private void drop() {
            synchronized (Locks.this) {
                valid = false;
                List<Held> list = held.get(file);
                if (list != null && list.remove(this) && list.isEmpty()) {
                    held.remove(file);
                }
            }
        }
    }

    synchronized FileLock lock(
            RumpFileChannel channel,
            RumpAttributes.Key file,
            long position,
            long size,
            boolean shared)
            throws IOException {
        Held lock = new Held(channel, file, position, size, shared);
        List<Held> list = held.computeIfAbsent(file, key -> new ArrayList<>());
        for (Held other : list) {
            if (other.overlaps(position, size)) {
                throw new OverlappingFileLockException();
            }
        }
        list.add(lock);
        if (!channel.isOpen()) {
            // it has been released already
            lock.drop();
            throw new AsynchronousCloseException();
        }
        return lock;
    }

    /** All of a channel that closes. */
    synchronized void release(RumpFileChannel channel) {
        for (List<Held> list : List.copyOf(held.values())) {
            for (Held lock : List.copyOf(list)) {
                if (lock.acquiredBy() == channel) {
                    lock.drop();
                }
            }
        }
    }
}
