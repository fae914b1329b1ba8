import Gateway
import Testing

@Suite struct DescriptorBudgetTests {
    @Test(arguments: [(65_536, 2), (20_000, 2), (1_024, 2), (4_096, 64), (100, 2)])
    func `connections leave a quarter of the descriptors to everything else`(_ descriptors: Int, _ loops: Int) {
        let budget = DescriptorBudget(descriptors: descriptors, loops: loops)
        #expect(budget.isEnough)
        #expect(budget.connections <= descriptors * 3 / 4)
        #expect(budget.connections >= (descriptors - 600) / 2)
    }

    @Test(arguments: 1...128)
    func `what is said to be the least is the least`(_ loops: Int) {
        let least = DescriptorBudget.least(loops: loops)
        #expect(DescriptorBudget(descriptors: least, loops: loops).isEnough)
        #expect(!DescriptorBudget(descriptors: least - 1, loops: loops).isEnough)
        #expect(DescriptorBudget(descriptors: 0, loops: loops).connections == 0)
    }
}
