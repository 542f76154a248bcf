extension DatapointType {
    /// A quantity in hundredths of the type's unit, as a telegram carries it: of a type of one bit, 1 from half of one up; of a type of whole numbers, the
    /// whole part. Nil where the type cannot carry it.
    public func value(hundredths: Int) -> GroupValue? {
        if main == 1 { return .small(hundredths >= 50 ? 1 : 0) }
        return (try? encode(.number(Double(hundredths) / 100))) ?? (try? encode(.integer(hundredths / 100)))
    }
}
