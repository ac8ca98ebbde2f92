class Cycle(ValueError):
    def __init__(self, path):
        super().__init__(" -> ".join(path))
        self.path = path


class UnknownTask(KeyError):
    pass
