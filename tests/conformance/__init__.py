# SPDX-License-Identifier: BSD-2-Clause
"""What a real FreeBSD host answered, asked again of a stand-in or of another FreeBSD host."""
