"""Records an example plant's captures: real protocol stacks in network namespaces.

``namespaces`` lays the cables, ``capture`` listens at the mirror port, ``station`` gives every
host its programs, ``story`` says who does what and when, ``scaling`` turns minutes at the
desk into days at the plant, and ``produce`` writes the files. A plant brings its own hosts,
stations and story; nothing here knows one plant from another.
"""
